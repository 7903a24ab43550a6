"use strict";
// Adds controls to a page that is complete without them: it can be read, followed and printed with scripts off.
// Nothing is computed here. Rows are hidden and put in another order, and what stands in the page is shown again
// elsewhere, always by moving or cloning elements, never by reading text as markup.

const main = document.getElementById("main");
const announcer = make("p", { className: "status", role: "status" });
main.append(announcer);

function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element && name !== "role") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function button(text, act, properties = {}) {
  const made = make("button", { type: "button", ...properties }, text);
  made.addEventListener("click", act);
  return made;
}

// Seen at the foot of the window and told to screen readers; gone after a while.
let quiet;
function say(text) {
  clearTimeout(quiet);
  announcer.textContent = text;
  quiet = setTimeout(() => { announcer.textContent = ""; }, 6000);
}

const wordsOf = element => element.textContent.replace(/\s+/g, " ").trim();
const nameOf = block => wordsOf(block.querySelector("caption b, h3 b") ?? block.querySelector("caption, h3"));

// Folds, and the way to what lies inside them

const folds = () => [...main.querySelectorAll("details")];
const showAgain = new Map(); // table or display -> function that shows all of it

function reveal(id) {
  const target = document.getElementById(id);
  if (!target || !main.contains(target)) return;
  if (target.closest("[hidden]")) showAgain.get(target.closest(".table, .joint"))?.();
  let moved = false;
  for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) {
    moved ||= !fold.open;
    fold.open = true;
  }
  if (moved) target.scrollIntoView();
}
const revealAddress = () => reveal(decodeURIComponent(location.hash.slice(1)));
addEventListener("hashchange", revealAddress);

function openFolds(open) {
  folds().forEach(fold => { fold.open = open; });
  say(open ? "Every fold is open." : "Every fold is closed.");
}

function printEverything() {
  const closed = folds().filter(fold => !fold.open);
  closed.forEach(fold => { fold.open = true; });
  addEventListener("afterprint", () => closed.forEach(fold => { fold.open = false; }), { once: true });
  print();
}

document.querySelector(".open-everything").replaceWith(make("div", { className: "tools" },
  button("Open every fold", () => openFolds(true)),
  button("Close every fold", () => openFolds(false)),
  button("Print what is open", () => print()),
  button("Print everything", printEverything)));

// Copying: formatted text for Word and plain text for everything else

async function copy(plain, markup, what) {
  let done = false;
  try {
    const kinds = { "text/plain": plain, "text/html": markup };
    const blobs = Object.entries(kinds).map(([kind, text]) => [kind, new Blob([text], { type: kind })]);
    await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(blobs))]);
    done = true;
  } catch { // no such interface here, or not allowed for a file: the older way needs no permission
    const put = event => {
      event.clipboardData.setData("text/plain", plain);
      event.clipboardData.setData("text/html", markup);
      event.preventDefault();
      done = true;
    };
    document.addEventListener("copy", put, { once: true });
    document.execCommand("copy");
    document.removeEventListener("copy", put);
  }
  say(done ? `Copied: ${what}.` : `This browser does not let the page copy ${what}; select it and copy it by hand.`);
}

const markupOf = (...elements) => elements.map(element => element.outerHTML).join("");
// A spreadsheet runs what begins like a formula; an apostrophe makes it text, as in the CSV files.
const harmless = text => (/^[=+\-@\t\r＝＋－＠]/.test(text) ? `'${text}` : text);

function copySentence(item) {
  const said = wordsOf(item.querySelector(".said"));
  const source = item.querySelector(".source");
  const cited = `${said} (${[main.dataset.citedAs, source && wordsOf(source)].filter(Boolean).join(", ")})`;
  copy(cited, markupOf(make("p", {}, cited)), "the sentence with its citation");
}

// Only what is shown is copied; what is hidden is named below the table.
function copyTable(block, hiddenNote) {
  const shown = [...block.querySelectorAll("table")].find(table => table.checkVisibility());
  const notes = [...shown.closest(".base, .table").querySelectorAll(":scope > .warning, :scope > .notes p")].map(wordsOf);
  if (hiddenNote) notes.push(hiddenNote);
  const caption = shown.caption.querySelector("b")
    ? [wordsOf(shown.caption.querySelector("b")), wordsOf(shown.caption.querySelector("i"))]
    : [wordsOf(shown.caption)];
  const isShown = element => !element.hidden && !element.closest("[hidden]");
  const rows = [...shown.rows].filter(isShown).map(row => [row, [...row.cells].filter(isShown)]);
  const lastHead = rows.filter(([row]) => row.parentElement === shown.tHead).length - 1;
  const copied = make("table", { style: "border-collapse:collapse;font:9pt Arial,sans-serif" });
  rows.forEach(([row, cells], r) => {
    const edges = (r === 0 ? "border-top:1pt solid #000;" : "") +
      (r === lastHead || r === rows.length - 1 ? "border-bottom:1pt solid #000;" : "");
    copied.append(make("tr", {}, ...cells.map(cell => make(cell.tagName, {
      colSpan: cell.colSpan, rowSpan: cell.rowSpan,
      style: `${edges}padding:2pt 5pt;vertical-align:top;font-weight:${r <= lastHead ? "bold" : "normal"};` +
        `text-align:${getComputedStyle(cell).textAlign};padding-left:${5 + 10 * depthOf(row)}pt;mso-number-format:'\\@'`,
    }, wordsOf(cell)))));
  });
  const lines = rows.map(([, cells]) =>
    cells.flatMap(cell => [harmless(wordsOf(cell)), ...Array(cell.colSpan - 1).fill("")]).join("\t"));
  const paragraphs = notes.map(note => make("p", { style: "font:8pt Arial,sans-serif" }, note));
  const head = make("p", { style: "font:9pt Arial,sans-serif" });
  caption.forEach((text, i) => head.append(...(i ? [make("br"), make("i", {}, text)] : [make("b", {}, text)])));
  copy([...caption, ...lines, ...notes].join("\n"), markupOf(head, copied, ...paragraphs), nameOf(block));
}

// Sorting: rows stay below their heading and themes below the theme they belong to; missing values come last

const depthOf = row => Number(/\bin(\d)/.exec(row.cells[0]?.className)?.[1] ?? 0);

function numberIn(text) {
  const plain = text.replace(/−/g, "-").replace(/(\d),(?=\d{3})/g, "$1");
  if (plain.startsWith("∞")) return Infinity;
  const found = /^(?:p\s*)?([<>≥=])?\s*([+-]?(?:\d+(?:\.\d+)?|\.\d+))/.exec(plain);
  return found && Number(found[2]) + (found[1] === "<" ? -1e-9 : found[1] === ">" ? 1e-9 : 0);
}

// The lowest heading of each column with the place of that column.
function columnHeads(table) {
  const taken = new Set(), heads = [], rows = [...table.tHead.rows];
  rows.forEach((row, r) => {
    let column = 0;
    for (const cell of row.cells) {
      while (taken.has(`${r} ${column}`)) column += 1;
      for (let i = 0; i < cell.rowSpan; i += 1)
        for (let j = 0; j < cell.colSpan; j += 1) taken.add(`${r + i} ${column + j}`);
      heads.push({ cell, column, lowest: r + cell.rowSpan >= rows.length && cell.colSpan === 1 });
      column += cell.colSpan;
    }
  });
  return heads;
}

// [cell, first column, columns] for each cell of a row.
function placed(row) {
  let column = 0;
  return [...row.cells].map(cell => {
    const place = [cell, column, cell.colSpan];
    column += cell.colSpan;
    return place;
  });
}

function textAt(row, column) {
  const found = placed(row).find(([, first, span]) => first === column && span === 1);
  return found ? wordsOf(found[0]) : "";
}

function sorted(rows, compare) {
  const families = [];
  for (const row of rows) {
    if (families.length && depthOf(row) > depthOf(families[0][0])) families.at(-1).push(row);
    else families.push([row]);
  }
  return families
    .sort((one, other) => compare(one[0], other[0]))
    .flatMap(([first, ...below]) => [first, ...(below.length ? sorted(below, compare) : [])]);
}

function addSorting(table, name) {
  const given = [...table.tBodies].map(body => [body, [...body.rows]]);
  const rows = given.flatMap(([, all]) => all).filter(row => !row.classList.contains("group"));
  if (rows.length < 3) return;
  const lowest = columnHeads(table).filter(head => head.lowest && head.cell.tagName === "TH");
  for (const { cell, column } of lowest) {
    const texts = rows.map(row => textAt(row, column)).filter(text => text && text !== "–");
    const numeric = column > 0 && texts.filter(text => numberIn(text) !== null).length * 2 > texts.length;
    const valueOf = row => (numeric ? numberIn(textAt(row, column)) : textAt(row, column) || null);
    const orders = numeric ? ["descending", "ascending", "none"] : ["ascending", "descending", "none"];
    const label = wordsOf(cell);
    const sort = () => {
      const order = orders[(orders.indexOf(cell.getAttribute("aria-sort") ?? "none") + 1) % 3];
      lowest.forEach(head => head.cell.removeAttribute("aria-sort"));
      if (order !== "none") cell.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      const compare = (one, other) => {
        const [a, b] = [valueOf(one), valueOf(other)];
        if (a === null || b === null) return (a === null) - (b === null);
        return sign * (numeric ? a - b || 0 : a.localeCompare(b, "en-GB", { numeric: true }));
      };
      for (const [body, all] of given) {
        const heading = all.filter(row => row.classList.contains("group"));
        const others = all.filter(row => !row.classList.contains("group"));
        body.append(...heading, ...(order === "none" ? others : sorted(others, compare)));
      }
      const way = { descending: numeric ? "largest first" : "from Z to A", ascending: numeric ? "smallest first" : "from A to Z" };
      say(order === "none" ? `${name}: in the given order again.` : `${name}: sorted by ${label}, ${way[order]}.`);
    };
    const control = button("", sort, { className: "sort" });
    control.append(...cell.childNodes);
    cell.append(control);
  }
}

// Filtering: by name, and by outcome group; what is hidden is said beside the control and shown again by one button

function addFilter(block, tools, { rows, groups, hide }) {
  const name = nameOf(block);
  const search = make("input", { type: "search", autocomplete: "off" });
  const boxes = groups.map(group => make("input", { type: "checkbox", checked: true, value: group }));
  const said = make("span", { className: "what-is-hidden" });
  const note = make("p", { className: "hidden-note", hidden: true }, said, " ");
  const apply = () => {
    const wanted = search.value.toLowerCase().split(",").map(part => part.trim()).filter(Boolean);
    const fits = text => !wanted.length || wanted.some(part => text.toLowerCase().includes(part));
    const off = new Set(boxes.flatMap((box, i) => (box.checked ? [] : [i])));
    const n = hide(fits, off);
    const what = [n ? `${n} of ${rows} rows` : "", ...groups.filter((_, i) => off.has(i))].filter(Boolean);
    said.textContent = what.length ? `Hidden: ${what.join("; ")}.` : "";
    note.hidden = !what.length;
    say(what.length ? `${name}. ${said.textContent}` : `${name}: nothing is hidden.`);
  };
  const reset = () => {
    search.value = "";
    boxes.forEach(box => { box.checked = true; });
    apply();
  };
  note.append(button("Show everything", () => { reset(); search.focus(); }));
  [search, ...boxes].forEach(control => control.addEventListener("input", apply));
  const panel = make("details", { className: "filter" }, make("summary", {}, "Filter"));
  if (rows > 0) panel.append(make("label", {}, "Rows whose name contains (several: with commas) ", search));
  if (groups.length > 1) {
    const choices = boxes.map((box, i) => make("label", {}, box, ` ${groups[i]}`));
    panel.append(make("fieldset", {}, make("legend", {}, "Groups"), ...choices));
  }
  tools.append(panel);
  tools.after(note);
  showAgain.set(block, reset);
  return said;
}

function tableFilter(tables) {
  const heads = columnHeads(tables[0]);
  const spans = heads.filter(({ cell }) => cell.colSpan > 1);
  const bodies = [...tables[0].tBodies].filter(body => body.rows[0].classList.contains("group"));
  const names = [...tables[0].tBodies].flatMap(body => [...body.rows]).filter(row => !row.classList.contains("group"));
  const groups = (spans.length ? spans.map(({ cell }) => cell) : bodies.map(body => body.rows[0])).map(wordsOf);
  const hide = (fits, off) => {
    let hidden = 0;
    for (const table of tables) {
      hidden = 0;
      const parents = []; // rows that the current one belongs to, so that a theme keeps the one above it
      [...table.tBodies].filter(body => body.rows[0].classList.contains("group"))
        .forEach((body, i) => { if (!spans.length) body.hidden = off.has(i); });
      for (const row of [...table.tBodies].flatMap(body => [...body.rows])) {
        if (row.classList.contains("group")) continue;
        row.hidden = !fits(wordsOf(row.cells[0]));
        hidden += row.hidden;
        parents.length = depthOf(row);
        parents[depthOf(row)] = row;
        if (!row.hidden) parents.filter(Boolean).forEach(parent => {
          hidden -= parent.hidden;
          parent.hidden = false;
        });
      }
      const away = columnHeads(table).filter(({ cell }) => cell.colSpan > 1).filter((_, i) => off.has(i))
        .map(({ column, cell }) => [column, column + cell.colSpan]);
      const isAway = (column, span) => away.some(([from, to]) => column >= from && column + span <= to);
      columnHeads(table).forEach(({ cell, column }) => { cell.hidden = isAway(column, cell.colSpan); });
      for (const row of [...table.tBodies].flatMap(body => [...body.rows]))
        if (spans.length) placed(row).forEach(([cell, column, span]) => { cell.hidden = isAway(column, span); });
    }
    return hidden;
  };
  return { rows: names.length, groups, hide };
}

function jointFilter(joint) {
  const themes = [...joint.querySelectorAll("article")];
  const sides = [...themes[0].querySelectorAll(".sides > div")].map(side => wordsOf(side.querySelector("dt bdi")));
  const hide = (fits, off) => {
    themes.forEach(theme => {
      theme.hidden = !fits(wordsOf(theme.querySelector("h4")));
      [...theme.querySelectorAll(".sides > div")].forEach((side, i) => { side.hidden = off.has(i); });
    });
    return themes.filter(theme => theme.hidden).length;
  };
  return { rows: themes.length, groups: sides, hide };
}

// The base of shares: tables that stand in the page already, one of them shown

function addBases(block, tools) {
  const bases = [...block.querySelectorAll(".base")];
  if (bases.length < 2) return;
  const name = nameOf(block), fold = block.querySelector(".other-bases");
  fold.replaceWith(...[...fold.children].filter(child => child.tagName !== "SUMMARY"));
  const show = chosen => bases.forEach(base => { base.hidden = base !== chosen; });
  const choices = bases.map((base, i) => {
    const radio = make("input", { type: "radio", name: `base-${block.id}`, checked: i === 0 });
    radio.addEventListener("change", () => {
      show(base);
      const warning = base.querySelector(".warning");
      say(`${name}: shares of ${base.dataset.base}. ${warning ? wordsOf(warning) : ""}`);
    });
    return make("label", {}, radio, ` ${base.dataset.base}`);
  });
  show(bases[0]);
  tools.append(make("fieldset", { className: "bases" }, make("legend", {}, "Shares of"), ...choices));
  const all = showAgain.get(block);
  showAgain.set(block, () => {
    choices[0].querySelector("input").click();
    all?.();
  });
}

for (const block of main.querySelectorAll(".table, .joint")) {
  const tables = [...block.querySelectorAll("table")], joint = block.classList.contains("joint");
  if (joint ? !block.querySelector("article") : !tables.length || !tables[0].tBodies.length) continue;
  const name = nameOf(block);
  const tools = make("div", { className: "tools", role: "group", "aria-label": `Controls: ${name}` });
  block.prepend(tools);
  const filter = joint ? jointFilter(block) : tableFilter(tables);
  const hidden = filter.rows > 7 || filter.groups.length > 1 ? addFilter(block, tools, filter) : null;
  if (!joint) {
    tools.append(button("Copy for Word", () => copyTable(block, hidden?.textContent), { "aria-label": `Copy for Word: ${name}` }));
    addBases(block, tools);
    tables.forEach(table => addSorting(table, name));
  }
}

for (const item of main.querySelectorAll(".lines > li"))
  item.append(" ", button("Copy", () => copySentence(item), { className: "copy", "aria-label": "Copy with citation" }));

// Numbers with quotes behind them: one stop of the Tab key per table, arrow keys go from number to number

for (const table of main.querySelectorAll("table")) {
  const links = () => [...table.querySelectorAll("td > a")].filter(link => link.checkVisibility());
  const only = chosen => table.querySelectorAll("td > a").forEach(link => { link.tabIndex = link === chosen ? 0 : -1; });
  if (table.querySelectorAll("td > a").length < 2 || table.classList.contains("items")) continue;
  only(table.querySelector("td > a"));
  table.querySelectorAll("td > a").forEach(link => link.setAttribute("aria-description", "Arrow keys go from number to number"));
  table.addEventListener("focusin", event => { if (event.target.matches("td > a")) only(event.target); });
  table.addEventListener("keydown", event => {
    const here = event.target.closest("td > a");
    if (!here || event.ctrlKey || event.metaKey || event.altKey) return;
    const all = links(), at = all.indexOf(here), column = here.parentElement.cellIndex;
    const below = step => {
      const rows = [...new Set(all.map(link => link.closest("tr")))];
      for (let i = rows.indexOf(here.closest("tr")) + step; rows[i]; i += step) {
        const found = all.find(link => link.closest("tr") === rows[i] && link.parentElement.cellIndex === column);
        if (found) return found;
      }
    };
    const ways = { ArrowRight: () => all[at + 1], ArrowLeft: () => all[at - 1], ArrowDown: () => below(1), ArrowUp: () => below(-1),
      Home: () => all[0], End: () => all.at(-1) };
    const next = ways[event.key]?.();
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}
for (const note of main.querySelectorAll(".voices > .notes"))
  note.append(" With a keyboard: Tab goes to the numbers of a table, arrow keys from number to number.");
// What is hidden can hold no stop: whenever a control was used, a table's stop is one that can be seen.
main.addEventListener("input", () => {
  for (const table of main.querySelectorAll("table:has(td > a[tabindex])")) {
    const seen = [...table.querySelectorAll("td > a")].filter(link => link.checkVisibility());
    if (seen.length && !seen.some(link => link.tabIndex === 0))
      table.querySelectorAll("td > a").forEach(link => { link.tabIndex = link === seen[0] ? 0 : -1; });
  }
});

// From a number to the quotes behind it, and from a quote to what else the same person said

const dialog = make("dialog", { className: "quotes-dialog", "aria-labelledby": "dialog-title" });
main.append(dialog);
let opener = null;

function twin(element) {
  const copied = element.cloneNode(true);
  for (const inner of [copied, ...copied.querySelectorAll("[id], [aria-labelledby]")]) {
    inner.removeAttribute("id");
    inner.removeAttribute("aria-labelledby");
  }
  return copied;
}

// The same person's quotes in order, the present one marked; one alone has no context to show.
function addContext(quote, link, i) {
  const person = document.getElementById(decodeURIComponent(link.hash.slice(1)));
  const words = wordsOf(quote.querySelector("blockquote"));
  const said = [...person.querySelectorAll(".quote")];
  const name = link.firstElementChild;
  if (said.length < 2) {
    link.replaceWith(name);
    return;
  }
  const context = make("div", { className: "context", id: `context-${i}`, hidden: true },
    make("ol", { className: "quotes" }, ...said.map(twin)));
  const here = [...context.querySelectorAll(".quote")].find(one => wordsOf(one.querySelector("blockquote")) === words);
  here.setAttribute("aria-current", "true");
  const toggle = button("", () => {
    context.hidden = !context.hidden;
    toggle.setAttribute("aria-expanded", String(!context.hidden));
  }, { "aria-expanded": "false", "aria-controls": context.id, className: "whole-person" });
  toggle.append(name, `: all ${said.length} quotes in order`);
  link.replaceWith(toggle);
  quote.append(context);
}

function showQuotes(cell) {
  const theme = cell.closest("details");
  const title = make("h2", { id: "dialog-title", tabIndex: -1 }, ...twin(cell.querySelector("h4")).childNodes);
  const groups = [...theme.querySelectorAll(".cell")].map(other => button("", () => showQuotes(other), {
    "aria-pressed": String(other === cell),
  }));
  theme.querySelectorAll(".cell").forEach((other, i) =>
    groups[i].append(...twin(other.querySelector("h4")).childNodes, ` ${wordsOf(other.querySelector(".count") ?? make("span"))}`));
  groups.forEach(group => group.querySelector(".theme-name")?.nextSibling.remove());
  groups.forEach(group => group.querySelector(".theme-name")?.remove());
  const shown = [...cell.children].filter(child => !child.matches("h4, .count")).map(twin);
  dialog.replaceChildren(
    make("header", {}, title, button("Close", () => dialog.close(), { className: "close" })),
    twin(theme.querySelector(".definition")),
    make("div", { className: "tools", role: "group", "aria-label": "Outcome groups of this theme" }, ...groups),
    ...shown);
  dialog.querySelectorAll(".quote").forEach((quote, i) => {
    const person = quote.querySelector(".who a");
    if (person) addContext(quote, person, i);
  });
  if (!dialog.open) dialog.showModal();
  title.focus();
}

dialog.addEventListener("close", () => opener?.focus());
dialog.addEventListener("click", event => { if (event.target === dialog) dialog.close(); }); // beside the dialog

main.addEventListener("click", event => {
  const link = event.target.closest("a[href^='#']");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const id = decodeURIComponent(link.hash.slice(1)), target = document.getElementById(id);
  if (target?.classList.contains("cell") && !link.closest(".voices")) {
    event.preventDefault();
    if (!dialog.open) opener = link;
    showQuotes(target);
  } else {
    if (dialog.open) dialog.close();
    reveal(id);
  }
});

main.classList.add("with-script");
revealAddress();
