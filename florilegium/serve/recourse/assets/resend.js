// The contested photo or text is asked for from the tab that holds it, and is put into the form only where its owner
// allows it. Nothing is written to a disk.

const PATIENCE_MS = 1500; // until the other tab has answered

/** Fill the form's photo or text, shown and sent only while its owner allows it. */
export async function bringThePhoto(form) {
  keepNumber(form);
  const part = document.getElementById("content");
  const input = form.elements.photo ?? form.elements.text;
  const follow = () => {
    const isAllowed = ["review", "learn"].includes(form.elements.consent.value);
    part.hidden = !isAllowed;
    input.disabled = !isAllowed; // a disabled field is not sent
    input.required = isAllowed;
  };
  form.addEventListener("change", follow);
  addEventListener("pageshow", follow);
  follow();
  const found = await askOpener(form.dataset.ticket);
  if (!found) return;
  if (typeof found === "string") {
    if (!input.value) input.value = found;
    return;
  }
  put(found, input);
  show(found);
}

/** Who comes back to the form in this tab and sends it again means the same case. */
function keepNumber(form) {
  const name = `appeal ${form.dataset.ticket}`;
  try {
    form.elements.key.value = sessionStorage.getItem(name) ?? form.elements.key.value;
    sessionStorage.setItem(name, form.elements.key.value);
  } catch {
    // No storage in this window: then the server says that the answer was contested before.
  }
}

/** Ask the tab that this one was opened from; gives a File, a text or undefined. */
function askOpener(ticket) {
  if (!window.opener) return undefined;
  return new Promise((resolve) => {
    const hear = ({ data, origin }) => {
      if (origin !== location.origin || data?.contested !== ticket) return;
      removeEventListener("message", hear);
      resolve(data.content);
    };
    addEventListener("message", hear);
    window.opener.postMessage({ wanted: ticket }, location.origin);
    setTimeout(() => resolve(undefined), PATIENCE_MS);
  });
}

function put(file, input) {
  const carried = new DataTransfer();
  carried.items.add(file);
  input.files = carried.files;
}

function show(file) {
  const box = document.getElementById("contested");
  const image = Object.assign(new Image(), { alt: "Your photo", src: URL.createObjectURL(file) });
  image.onload = () => {
    box.prepend(image);
    box.classList.add("pictured");
  };
}
