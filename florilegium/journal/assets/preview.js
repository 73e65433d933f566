// Only in the preview: pages follow the files as they are saved, and each section's points can be drafted into a text.
{
  const seen = document.documentElement.dataset.version; // of the files that this page was made from
  let busy = false; // a draft stands open: it is not thrown away by a reload

  const follow = async () => {
    if (!document.hidden && !busy) {
      try {
        const { version } = await (await fetch("/-/version")).json();
        if (seen !== version) return void location.reload();
      } catch {
        // The preview was stopped; the page stays as it is.
      }
    }
    setTimeout(follow, 1000);
  };

  const make = (name, text, className = "") => {
    const element = document.createElement(name);
    element.textContent = text;
    if (className) element.className = className;
    return element;
  };

  const post = (path, wish) =>
    fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(wish) });

  const said = async (answer) => {
    const document = await answer.json();
    if (!answer.ok) throw new Error(document.error?.message ?? "That failed.");
    return document;
  };

  /** Read lines of JSON as they come. */
  const lines = async (answer, take) => {
    if (!answer.ok) await said(answer);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const parts = (rest + value).split("\n");
      rest = parts.pop();
      for (const part of parts) take(JSON.parse(part));
    }
  };

  const MARKS = /(\[(?:from the notes, )?not in the record\])/;
  const TONES = ["plain", "warm", "formal", "brief"];

  class Panel {
    constructor(button, chapter, section) {
      this.button = button;
      this.wish = { chapter, section, tone: "plain" };
      this.box = document.createElement("div");
      this.box.className = "draft";
      this.box.role = "group";
      this.box.ariaLabel = `Draft of ${section}`;
      this.status = make("p", "", "soft");
      this.status.role = "status";
      this.written = make("p", "", "written");
      this.controls = make("div", "", "controls");
      this.box.append(this.status, this.written, this.controls);
      button.after(this.box);
      button.hidden = true;
      busy = true;
    }

    close() {
      this.box.remove();
      this.button.hidden = false;
      this.button.focus();
      busy = false;
    }

    fail(error) {
      this.status.textContent = error.message;
      this.offer([["Close", () => this.close(), "quiet"]]);
    }

    offer(buttons) {
      this.controls.replaceChildren(
        ...buttons.map(([text, action, className]) => {
          const button = make("button", text, className ?? "");
          button.type = "button";
          button.addEventListener("click", () => Promise.resolve(action()).catch((error) => this.fail(error)));
          return button;
        }),
      );
    }

    tones() {
      const label = make("label", "Tone ");
      const select = document.createElement("select");
      for (const tone of TONES) select.append(make("option", tone));
      select.value = this.wish.tone;
      select.addEventListener("change", () => {
        this.wish.tone = select.value;
      });
      label.append(select);
      this.controls.prepend(label);
    }

    async begin() {
      const told = await said(await post("/-/draft", this.wish));
      const points = `${told.n_points} ${told.n_points === 1 ? "point" : "points"}`;
      const close = ["Close", () => this.close(), "quiet"];
      if (told.by === null) {
        this.status.textContent = `${points}. No language model is set, so a template joins them.`;
        this.offer([["Draft", () => this.draft(true)], close]);
      } else {
        const masked = told.masked ? ` Masked or left out: ${told.masked}.` : "";
        this.status.textContent = `${points}, to ${told.by} on ${told.where}: ${told.takes}.${masked}`;
        this.offer([[`Send to ${told.by}`, () => this.draft(false)], ["By the template", () => this.draft(true), "quiet"], close]);
      }
      this.tones();
      this.controls.querySelector("button").focus();
    }

    async draft(template) {
      this.status.textContent = "Drafting…";
      this.controls.replaceChildren();
      let end = null;
      await lines(await post("/-/draft", { ...this.wish, template, send: true }), (line) => {
        if ("piece" in line) this.written.textContent += line.piece;
        else end = line;
      });
      if (end === null || end.error) throw new Error(end?.error ?? "The draft broke off. Draft again.");
      this.show(end.draft, end.id);
    }

    show({ text, said_by, numbers }, id) {
      this.written.replaceChildren(
        ...text.split(MARKS).map((part) => (MARKS.test(part) ? make("mark", part) : part)),
      );
      const of = (origin) => numbers.filter((number) => number.origin === origin).map((number) => number.text);
      const parts = [said_by];
      if (of("nowhere").length) parts.push(`Found neither in the record nor in your points: ${of("nowhere").join(", ")}.`);
      if (of("notes").length) parts.push(`From your points, not in the record: ${of("notes").join(", ")}.`);
      if (of("record").length) parts.push(`Found in the record: ${of("record").join(", ")}.`);
      this.status.textContent = parts.join(" ");
      this.offer([
        ["Put into the chapter", () => this.insert(id)],
        ["Copy", () => navigator.clipboard.writeText(text), "quiet"],
        ["Close", () => this.close(), "quiet"],
      ]);
      this.controls.querySelector("button").focus();
    }

    async insert(id) {
      await said(await post("/-/insert", { draft: id }));
      busy = false;
      location.reload();
    }
  }

  const chapter = document.querySelector("[data-chapter]")?.dataset.chapter;
  const headings = chapter ? document.querySelectorAll(".text > h2") : [];
  for (const heading of headings) {
    const section = heading.textContent;
    let last = heading;
    let hasPoints = false;
    for (let next = heading.nextElementSibling; next && next.tagName !== "H2" && next.tagName !== "SECTION"; next = next.nextElementSibling) {
      hasPoints ||= next.matches("ul, ol");
      last = next;
    }
    if (!hasPoints) continue;
    const button = make("button", "Draft a text from these points", "quiet ask");
    button.type = "button";
    button.addEventListener("click", () => {
      const panel = new Panel(button, chapter, section);
      panel.begin().catch((error) => panel.fail(error));
    });
    last.after(button);
  }
  follow();
}
