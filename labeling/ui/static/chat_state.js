// Asks every other second how the server behind the chat is, and who is promoted.
const show = ({state, promoted}) => {
  const line = element.querySelector('.server-state');
  line.textContent = state || (promoted ? `Promoted: ${promoted}` : 'No model is promoted yet.');
  line.classList.toggle('trouble', Boolean(state));
};
const lost = {state: 'The app does not answer.'};
// Of an app that is down Gradio's client says nothing, and gives nothing.
const ask = () => server.server_state({}).then((said) => show(said ?? lost), () => show(lost));
ask();
setInterval(() => { if (!document.hidden) ask(); }, 2000);
