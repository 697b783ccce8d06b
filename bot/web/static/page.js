// Comfort only: every page works without this file.
"use strict";
document.documentElement.classList.add("js");

function drops(form) {
  const input = form.querySelector("input[type=file]");
  const said = document.getElementById("said");
  const button = form.querySelector("button");
  const limit = Number(form.dataset.maxBytes);

  function fits() {
    const file = input.files[0];
    if (!file) return false;
    if (file.size > limit) {
      said.textContent = `${file.name} is too large: the largest clip that is checked here is ${form.dataset.maxWords}.`;
      input.value = "";
      return false;
    }
    said.textContent = file.name;
    return true;
  }
  form.addEventListener("submit", () => {
    button.disabled = true;
    said.textContent = `Sending ${input.files[0].name}…`;
  });
  window.addEventListener("pageshow", () => { button.disabled = false; });
  input.addEventListener("change", fits);
  for (const name of ["dragenter", "dragover"]) {
    form.addEventListener(name, (event) => { event.preventDefault(); form.classList.add("over"); });
  }
  for (const name of ["dragleave", "drop"]) form.addEventListener(name, () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    if (fits()) form.requestSubmit();
  });
}

function follows(card) {
  const stage = document.getElementById("stage");
  const bar = document.getElementById("bar");
  const left = document.getElementById("left");
  async function look() {
    let wait = 700;
    try {
      const answer = await fetch(`/api/checks/${card.dataset.check}`, { headers: { Accept: "application/json" } });
      const check = await answer.json();
      if (check.status !== "queued" && check.status !== "running") {
        location.reload();
        return;
      }
      if (stage.textContent !== check.progress.words) stage.textContent = check.progress.words;
      if (check.progress.share === null) bar.removeAttribute("value");
      else bar.value = check.progress.share;
      left.textContent = check.progress.left || "\u00a0";
    } catch {
      left.textContent = "The service does not answer; trying again.";
      wait = 3000;
    }
    setTimeout(look, wait);
  }
  setTimeout(look, 300);
}

const upload = document.getElementById("upload");
if (upload) drops(upload);
const progress = document.getElementById("progress");
if (progress) follows(progress);

function trains(section) {
  const stage = document.getElementById("stage");
  const picture = document.getElementById("preview");
  async function look() {
    try {
      const now = await (await fetch("/swap/training/status.json")).json();
      if (now.step) {
        stage.textContent = `${now.step} iterations · loss of the source ${now.source_loss.toFixed(3)}, of the target ${now.target_loss.toFixed(3)}`;
      }
      if (now.preview && now.preview !== section.dataset.preview) {
        section.dataset.preview = now.preview;
        picture.src = `/swap/training/preview.png?${now.preview}`;
        picture.hidden = false;
      }
    } catch {
      stage.textContent = "The training does not answer: it has ended, or was stopped.";
    }
    setTimeout(look, 3000);
  }
  setTimeout(look, 1000);
}

const training = document.getElementById("training");
if (training) trains(training);
