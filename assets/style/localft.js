// The page's own script: title and notification when a job ends, and keyboard help where Gradio has none.
(() => {
  let known = null;
  const look = () => {
    const signal = document.querySelector(".lf-signal [data-title]");
    if (!signal) return;
    if (document.title !== signal.dataset.title) document.title = signal.dataset.title;
    const ended = signal.dataset.ended;
    if (known !== null && ended && ended !== known && "Notification" in window && Notification.permission === "granted") {
      new Notification("localft", { body: signal.dataset.sentence });
    }
    known = ended;
  };
  setInterval(look, 1000);
  // Browsers ask for permission only after a click; the moment to ask is when something long is started.
  document.addEventListener("click", (event) => {
    const starts = event.target.closest && event.target.closest(".lf-long");
    if (starts && "Notification" in window && Notification.permission === "default") Notification.requestPermission();
  });
})();
