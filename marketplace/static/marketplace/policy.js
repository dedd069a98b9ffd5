// The policy form, live: sends the form to /policy/preview while its owner types and shows the sentences that
// come back; a button with data-panel fills its panel in place. Without this module the same buttons load pages.
const form = document.querySelector("form[data-preview]");
const summary = document.getElementById("summary");
let timer = 0;
let asked = 0;

async function preview() {
  const mine = ++asked;
  try {
    const reply = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form) });
    const text = await reply.text();
    if (reply.ok && mine === asked) summary.innerHTML = text;
  } catch {
    // No connection: the last summary stays, and saving validates again anyway.
  }
}

async function fill(button) {
  const panel = document.getElementById(button.dataset.into);
  button.disabled = true;
  panel.setAttribute("aria-busy", "true");
  try {
    const reply = await fetch(button.dataset.panel, { method: "POST", body: new FormData(form) });
    if (reply.ok) panel.innerHTML = await reply.text();
    else panel.textContent = "This did not work just now. Please try again in a moment.";
  } catch {
    // No connection: the panel stays as it was.
  } finally {
    button.disabled = false;
    panel.removeAttribute("aria-busy");
  }
}

function showRegime() {
  const regime = form.querySelector("[name=regime]:checked")?.value;
  for (const part of form.querySelectorAll("[data-regime]")) {
    part.hidden = !part.dataset.regime.split(" ").includes(regime);
  }
}

if (form && summary) {
  form.addEventListener("submit", (event) => {
    if (!event.submitter?.dataset.panel) return;
    event.preventDefault();
    fill(event.submitter);
  });
  form.addEventListener("input", () => {
    showRegime();
    clearTimeout(timer);
    timer = setTimeout(preview, 300);
  });
  showRegime();
}
