// Sends an answer once: a second press while the first is on its way would answer a question that is over.
for (const form of document.querySelectorAll("form.prompt:not([data-webauthn])")) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  // Back in the browser's memory: it may be sent again.
  window.addEventListener("pageshow", () => { sent = false; });
}
