// Who is using the app, and what only they can open. A session that ended, here or by an admin, leads to the login.

if (!window.fetch.leadsToLogin) {
  const plain = window.fetch;
  window.fetch = async (...asked) => {
    const answer = await plain(...asked);
    if (answer.status === 401 && new URL(answer.url).origin === location.origin) {
      location.assign("./login?next=" + encodeURIComponent(location.pathname + location.search));
    }
    return answer;
  };
  window.fetch.leadsToLogin = true;
}

const RANKS = ["labeler", "researcher", "admin"];
server.who({}).then(({ name, role, login }) => {
  const who = element.querySelector(".who");
  who.querySelector("summary").textContent = name;
  for (const link of element.querySelectorAll("[data-role]")) {
    link.hidden = RANKS.indexOf(role) < RANKS.indexOf(link.dataset.role);
  }
  for (const part of who.querySelectorAll("[data-login]")) part.hidden = !login;
});
plumbline.onLanguage(() => plumbline.translate(element.querySelector(".masthead")));
