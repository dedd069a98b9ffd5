// Copy buttons: <button data-copy="text">. Without this module the text can still be selected by hand.
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Press Ctrl+C";
      const shown = button.parentElement.querySelector("code");
      if (shown) getSelection().selectAllChildren(shown);
    }
    setTimeout(() => (button.textContent = before), 1600);
  });
}
