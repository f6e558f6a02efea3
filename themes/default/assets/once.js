// Sends a form once: a second press while the first is on its way would answer a question that is over.
for (const form of document.querySelectorAll("form[data-once], form.prompt:not([data-webauthn])")) {
  let again = 0;
  form.addEventListener("submit", (event) => {
    const now = performance.now();
    // Whoever stopped it, or waits that long, may press again.
    if (now < again) event.preventDefault();
    else again = now + 5000;
  });
  // Back in the browser's memory: it may be sent again.
  window.addEventListener("pageshow", () => { again = 0; });
}
