// Who is using the app, and what only they can open. A session that ended, here or by an admin, leads to the login.

if (!window.fetch.leadsToLogin) {
  const plain = window.fetch;
  window.fetch = async (...asked) => {
    const answer = await plain(...asked);
    if (answer.status === 401 && new URL(answer.url).origin === location.origin) {
      location.assign("./login?next=" + encodeURIComponent(location.pathname + location.search));
    }
    if (!answer.headers.get("x-reload")) return answer;
    location.reload(); // somebody else has logged in, and this page is not theirs
    return new Promise(() => {});
  };
  window.fetch.leadsToLogin = true;
}

// What was talked about is its talker's: another person at this browser begins anew. Unsent votes wait for their own.
function handOver(name) {
  try {
    const before = localStorage.getItem("plumbline.person");
    localStorage.setItem("plumbline.person", name);
    if (before === name || localStorage.getItem("plumbline-conversation") === null) return;
    if (before === null) return; // kept since before it was noted whose it is
    localStorage.removeItem("plumbline-conversation");
    if (location.pathname.endsWith("/chat")) location.reload();
  } catch { /* storage is forbidden: nothing was kept either */ }
}

const RANKS = ["labeler", "researcher", "admin"];
server.who({}).then(({ name, role, login }) => {
  const who = element.querySelector(".who");
  who.querySelector("summary").textContent = name;
  handOver(name);
  for (const link of element.querySelectorAll("[data-role]")) {
    link.hidden = RANKS.indexOf(role) < RANKS.indexOf(link.dataset.role);
  }
  for (const part of who.querySelectorAll("[data-login]")) part.hidden = !login;
});
plumbline.onLanguage(() => plumbline.translate(element.querySelector(".masthead")));
