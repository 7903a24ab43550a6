// Draws what Python counted and sends back what was chosen. Words of participants arrive as messages alone and stand
// nowhere but in the page; every text is set as text, never as HTML.

const SVG = "http://www.w3.org/2000/svg";
const UNITS = { participant: "People", document: "Documents", segment: "Segments" };
const BASES = { all_with_material: "everybody with material", any_theme: "those with any theme" };
const ORDERS = { codebook: "as in the codebook", share: "most widespread first", difference: "largest difference first" };

const WIDE = 250;
const LINE = 9;

function make(tag, given = {}, ...inside) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node && name !== "list") node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...inside.filter((each) => each !== null));
  return node;
}

function draw(tag, given = {}, ...inside) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(given)) node.setAttribute(name, value);
  node.append(...inside);
  return node;
}

function marker(kind, x, y, colour) {
  const r = 3.4;
  const shapes = {
    s: [[-1, -1], [1, -1], [1, 1], [-1, 1]],
    D: [[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]],
    "^": [[0, -1.3], [1.2, 0.9], [-1.2, 0.9]],
    v: [[0, 1.3], [1.2, -0.9], [-1.2, -0.9]],
    p: [[0, -1.3], [1.2, -0.4], [0.8, 1], [-0.8, 1], [-1.2, -0.4]],
  };
  if (!(kind in shapes)) return draw("circle", { cx: x, cy: y, r, fill: colour });
  const points = shapes[kind].map(([dx, dy]) => `${x + dx * r},${y + dy * r}`).join(" ");
  return draw("polygon", { points, fill: colour });
}

const percent = (share) => (share === null ? "–" : `${Math.round(100 * share)}%`);
const signed = (d) => {
  const points = Math.round(100 * d);
  return points === 0 ? "0" : `${points < 0 ? "−" : "+"}${Math.abs(points)}`;
};
const several = (n, one, more) => `${n} ${n === 1 ? one : more}`;

function select(label, options, value, onchange) {
  const field = make("select", { "data-key": label, onchange: (event) => onchange(event.target.value) });
  for (const [id, text] of options) field.append(make("option", { value: id, selected: id === value }, text));
  return make("label", { className: "tw-field" }, make("span", {}, label), field);
}

function render({ model, el }) {
  const root = make("div", { className: "tw-explorer" });
  const head = make("div", { className: "tw-head" });
  const side = make("div", { className: "tw-side", "data-scrolls": "side" });
  const main = make("div", { className: "tw-main" });
  const quotes = make("section", { className: "tw-quotes", hidden: true, tabIndex: -1 });
  const code = make("div", { className: "tw-code" });
  root.append(head, make("div", { className: "tw-body" }, side, make("div", { className: "tw-right" }, main, quotes, code)));
  el.append(root);

  let order = "codebook";
  let search = "";
  let asked = null;

  const choose = (change) => {
    model.set("choice", { ...model.get("choice"), ...change });
    model.save_changes();
  };

  function drawHead() {
    const offered = model.get("offered");
    const choice = model.get("choice");
    const grouping = offered.groupings.find((each) => each.column === choice.by);
    const compared = choice.groups.length === 2 && grouping.levels.length > 2
      ? choice.groups.find((each) => each !== choice.reference) : "";
    const study = make("input", { type: "text", value: choice.study, spellcheck: false, "data-key": "study",
      onchange: (event) => choose({ study: event.target.value, wave: "" }) });
    const pair = (first, reference) => choose({
      groups: first && first !== reference
        ? grouping.levels.map(([id]) => id).filter((id) => id === first || id === reference)
        : grouping.levels.map(([id]) => id),
      reference,
    });
    head.replaceChildren(
      make("label", { className: "tw-field tw-study" }, make("span", {}, "Study"), study),
      select("Wave", offered.waves.map((each) => [each, each]), choice.wave, (wave) => choose({ wave })),
      select("Groups", offered.groupings.map((each) => [each.column, each.title]), choice.by,
        (by) => choose({ by, groups: [], reference: "" })),
      select("Compare", [["", "every group"], ...grouping.levels], compared, (first) => pair(first, choice.reference)),
      select("with", grouping.levels, choice.reference, (reference) => pair(compared, reference)),
      select("Count", offered.units.map((each) => [each, UNITS[each]]), choice.unit, (unit) => choose({ unit })),
      select("out of", choice.unit === "segment" ? [["all_with_material", "all segments"]]
        : offered.bases.map((each) => [each, BASES[each]]), choice.base, (base) => choose({ base })),
      select("Order", Object.entries(ORDERS), order, (value) => { order = value; drawMain(); }),
      make("p", { className: "tw-profile" }, make("b", {}, offered.synthetic ? "SYNTHETIC. " : ""), offered.profile),
    );
  }

  function drawSide() {
    const offered = model.get("offered");
    const choice = model.get("choice");
    const chosen = new Set(choice.themes);
    const list = make("div", { className: "tw-themes", role: "group", "aria-label": "Themes", "data-scrolls": "themes" });
    const fill = () => {
      const hit = (theme) => `${theme.label} ${theme.id}`.toLowerCase().includes(search.toLowerCase());
      const kept = new Set();
      for (const theme of offered.themes) if (hit(theme)) { kept.add(theme.id); theme.above.forEach((id) => kept.add(id)); }
      list.replaceChildren(...offered.themes.filter((theme) => kept.has(theme.id)).map((theme) => {
        const box = make("input", { type: "checkbox", checked: chosen.has(theme.id), "data-key": `theme ${theme.id}`, onchange: (event) => {
          const family = offered.themes.filter((each) => each.id === theme.id || each.above.includes(theme.id));
          for (const each of family) event.target.checked ? chosen.add(each.id) : chosen.delete(each.id);
          choose({ themes: [...chosen] });
        } });
        return make("label", { style: `margin-left: ${theme.depth}em` }, box, theme.label);
      }));
    };
    fill();
    const find = make("input", { type: "search", placeholder: "Search themes", value: search, "data-key": "search", "aria-label": "Search themes",
      oninput: (event) => { search = event.target.value; fill(); } });
    const found = () => offered.themes.filter((theme) =>
      `${theme.label} ${theme.id}`.toLowerCase().includes(search.toLowerCase())).map((theme) => theme.id);
    const buttons = make("div", { className: "tw-buttons" },
      make("button", { type: "button", onclick: () => choose({ themes: found() }) }, "Only these"),
      make("button", { type: "button", onclick: () => choose({ themes: offered.themes.map((each) => each.id) }) }, "All"),
      make("button", { type: "button", onclick: () => choose({ themes: [] }) }, "None"));
    const filters = offered.groupings.map((each) => {
      const kept = new Set(choice.where[each.column] ?? each.levels.map(([id]) => id));
      const boxes = each.levels.map(([id, label]) => make("label", {}, make("input", {
        type: "checkbox", checked: kept.has(id), "data-key": `${each.column} ${id}`, onchange: (event) => {
          event.target.checked ? kept.add(id) : kept.delete(id);
          const where = { ...choice.where, [each.column]: each.levels.map(([level]) => level).filter((level) => kept.has(level)) };
          if (kept.size === each.levels.length) delete where[each.column];
          choose({ where });
        } }), label));
      const narrowed = each.column in choice.where;
      return make("details", { open: open.has(each.column), ontoggle: (event) =>
        event.target.open ? open.add(each.column) : open.delete(each.column) },
        make("summary", { className: narrowed ? "tw-narrowed" : "" }, narrowed ? `${each.title} (narrowed)` : each.title), ...boxes);
    });
    side.replaceChildren(
      make("h4", {}, "Themes"), find, buttons, list,
      make("h4", {}, "Only people with"), ...filters);
  }
  const open = new Set();

  function drawMain() {
    const shown = model.get("shown");
    const choice = model.get("choice");
    const offered = model.get("offered");
    const refused = make("div", { className: "tw-refused", role: "alert" }, ...shown.refused.map((each) => make("p", {}, each)));
    const columns = [...shown.groups, shown.all];
    const others = shown.groups.filter((each) => each.id !== choice.reference);
    const reference = shown.groups.find((each) => each.id === choice.reference);
    const height = Math.max(22, shown.groups.length * LINE + 6);
    const shares = shown.rows.flatMap((row) => shown.groups.flatMap(({ id }) => [row.cells[id][4] ?? row.cells[id][2] ?? 0]));
    const top = Math.max(0.2, Math.min(1, Math.ceil(10 * Math.max(0, ...shares)) / 10));
    const limits = shown.rows.flatMap((row) => Object.values(row.differences).flatMap((d) => d.filter((x) => x !== null)));
    const wide = Math.max(0.2, offered.margin, Math.ceil(10 * Math.max(0, ...limits.map(Math.abs))) / 10);
    const atShare = (x) => 6 + (x / top) * (WIDE - 12);
    const atDifference = (x) => WIDE / 2 + (x / wide) * (WIDE / 2 - 6);
    const ticks = (values, at, text) => draw("svg", { width: WIDE, height: 16, "aria-hidden": "true" },
      ...values.map((x, i) => {
        const anchor = i === 0 ? "start" : i === values.length - 1 ? "end" : "middle";
        const tick = draw("text", { x: at(x), y: 12, "text-anchor": anchor });
        tick.textContent = text(x);
        return tick;
      }));
    const key = make("div", { className: "tw-key" }, ...shown.groups.map((each) => make("span", {},
      draw("svg", { width: 12, height: 12, "aria-hidden": "true" }, marker(each.marker, 6, 6, each.colour)), `${each.label} (n = ${each.n})`)));
    const header = make("tr", {}, make("th", { scope: "col" }, "Theme"),
      ...columns.map((each) => make("th", { scope: "col", className: "tw-number" }, each.label, make("br"), make("small", {}, `n = ${each.n}`))),
      make("th", { scope: "col" }, choice.unit === "participant" ? "% of the group [95%]" : "% of the group", make("br"),
        ticks([0, top / 2, top], atShare, (x) => Math.round(100 * x))),
      ...(others.length && reference ? [make("th", { scope: "col" }, `Points from ${reference.label} [95%]`, make("br"),
        ticks([-wide, 0, wide], atDifference, signed))] : []));
    const sorted = [...shown.rows];
    const share = (row) => row.cells[shown.all.id][2] ?? 0;
    const gap = (row) => Math.max(0, ...Object.values(row.differences).map((d) => Math.abs(d[0] ?? 0)));
    if (order === "share") sorted.sort((a, b) => share(b) - share(a));
    if (order === "difference") sorted.sort((a, b) => gap(b) - gap(a));
    const body = sorted.map((row, at) => {
      const cells = columns.map((each, column) => {
        const [x, n, part, , , people, segments] = row.cells[each.id];
        const few = people > 0 && people < offered.minimum;
        const text = `${x}/${n}`;
        const about = `${row.label}, ${each.label}: ${x} of ${n} ${UNITS[choice.unit].toLowerCase()}, ${percent(part)}; `
          + `${segments} coded segments${few ? `; fewer than ${offered.minimum} people` : ""}`;
        const button = make("button", { type: "button", className: few ? "tw-few" : "", title: about, "aria-label": about,
          "data-key": `${row.id} ${each.id}`, tabIndex: at + column === 0 ? 0 : -1, "aria-disabled": segments === 0,
          onclick: () => { if (segments) ask(row.id, each.id, 0); } }, text);
        return make("td", { className: "tw-number", "data-theme": row.id, "data-group": each.id }, button, make("small", {}, percent(part)));
      });
      const dots = draw("svg", { width: WIDE, height, role: "img", "aria-label": `${row.label}: shares by group` },
        ...[0, top / 2, top].map((x) => draw("line", { x1: atShare(x), x2: atShare(x), y1: 0, y2: height, class: "tw-grid" })),
        ...shown.groups.flatMap((each, i) => {
          const [, , part, low, high] = row.cells[each.id];
          if (part === null) return [];
          const y = 7 + i * LINE;
          const line = low === null ? [] : [draw("line", { x1: atShare(low), x2: atShare(high), y1: y, y2: y, stroke: each.colour })];
          return [...line, marker(each.marker, atShare(part), y, each.colour)];
        }));
      const band = offered.margin > 0 ? [draw("rect", { x: atDifference(-offered.margin), y: 0, height, class: "tw-band",
        width: atDifference(offered.margin) - atDifference(-offered.margin) })] : [];
      const gaps = draw("svg", { width: WIDE, height, role: "img", "aria-label": `${row.label}: differences` }, ...band,
        draw("line", { x1: atDifference(0), x2: atDifference(0), y1: 0, y2: height, class: "tw-zero" }),
        ...others.flatMap((each, i) => {
          const [d, low, high] = row.differences[each.id] ?? [null, null, null];
          if (d === null) return [];
          const y = 7 + i * LINE;
          const line = low === null ? [] : [draw("line", { x1: atDifference(low), x2: atDifference(high), y1: y, y2: y, stroke: each.colour })];
          const title = draw("title");
          title.textContent = `${each.label}: ${signed(d)} points${low === null ? "" : ` [${signed(low)}, ${signed(high)}]`}`;
          return [...line, draw("g", {}, title, marker(each.marker, atDifference(d), y, each.colour))];
        }));
      return make("tr", {}, make("th", { scope: "row", style: `padding-left: ${0.4 + row.depth}em` }, row.label), ...cells,
        make("td", {}, dots), ...(others.length && reference ? [make("td", {}, gaps)] : []));
    });
    const notes = [
      `Click a number to read the words behind it. Underlined with dots: fewer than ${offered.minimum} people, which a report rounds or withholds.`,
      `${several(shown.left_out, "person", "people")} with material ${shown.left_out === 1 ? "is" : "are"} not looked at. ${shown.only}`,
      choice.unit === "participant" ? "" : `${UNITS[choice.unit]} of one person go together: shares have no interval, differences take people as clusters.`,
      "Nothing is tested here: whoever looks in many ways finds some difference.",
    ];
    main.replaceChildren(refused, key,
      shown.rows.length ? make("div", { className: "tw-scroll", tabIndex: 0, role: "region", "aria-label": "Themes by group", "data-scrolls": "table", onkeydown: walk },
        make("table", { "data-unit": choice.unit }, make("thead", {}, header), make("tbody", {}, ...body)))
        : make("p", {}, "No theme is chosen."),
      ...notes.filter(Boolean).map((each) => make("p", { className: "tw-note" }, each)));
    code.replaceChildren(make("div", { className: "tw-codehead" }, make("b", {}, "The same as code"),
      make("button", { type: "button", onclick: copy }, "Copy as code")), make("pre", {}, make("code", {}, shown.code)));
  }

  async function copy(event) {
    const text = model.get("shown").code;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const field = make("textarea", { value: text });
      code.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    event.target.textContent = "Copied";
    setTimeout(() => { event.target.textContent = "Copy as code"; }, 1500);
  }

  function ask(theme, group, start) {
    asked = { theme, group };
    model.send({ theme, group, start });
  }

  function words(message) {
    if (!asked || message.theme !== asked.theme || message.group !== asked.group) return;
    const shown = model.get("shown");
    const row = shown.rows.find((each) => each.id === message.theme);
    const group = [...shown.groups, shown.all].find((each) => each.id === message.group);
    const cards = message.quotes.map((each) => make("article", { "data-segment": each.segment_id },
      make("header", {}, make("b", {}, each.participant_id), ` ${labelOf(shown, each.group)} · ${each.themes}${each.coders ? ` · ${each.coders}` : ""}`),
      each.before === null ? null : make("p", { className: "tw-beside" }, each.before),
      make("blockquote", {}, each.text ?? "(no words in the table)"),
      each.after === null ? null : make("p", { className: "tw-beside" }, each.after),
      make("footer", { className: each.why === null ? "tw-may" : "tw-stays" }, each.why === null ? "May leave" : `Stays: ${each.why}`)));
    if (message.start === 0) {
      quotes.replaceChildren(make("div", { className: "tw-quotehead" },
        make("h4", {}, `${row.label}, ${group.label}: ${several(message.n, "segment", "segments")} of ${several(message.n_people, "person", "people")}`),
        make("button", { type: "button", onclick: close }, "Close")), make("div", { className: "tw-cards" }));
      quotes.dataset.theme = message.theme;
      quotes.hidden = false;
      quotes.focus({ preventScroll: true });
    }
    quotes.querySelector(".tw-more")?.remove();
    quotes.querySelector(".tw-cards").append(...cards);
    const next = message.start + message.quotes.length;
    if (next < message.n) quotes.append(make("button", { type: "button", className: "tw-more",
      onclick: () => ask(message.theme, message.group, next) }, `Next of ${message.n - next} more`));
    if (message.start === 0) quotes.scrollIntoView({ block: "nearest" });
  }

  const labelOf = (shown, id) => shown.groups.find((each) => each.id === id)?.label ?? "";

  function close() {
    asked = null;
    quotes.hidden = true;
    quotes.replaceChildren();
  }

  // What is drawn anew keeps its place and the focus, so that a keyboard can go on where it was.
  function redraw() {
    const key = root.getRootNode().activeElement?.dataset?.key;
    const places = [...root.querySelectorAll("[data-scrolls]")].map((each) => [each.dataset.scrolls, each.scrollTop, each.scrollLeft]);
    close();
    drawHead();
    drawSide();
    drawMain();
    for (const [name, top, left] of places) root.querySelector(`[data-scrolls="${name}"]`)?.scrollTo(left, top);
    if (key) [...root.querySelectorAll("[data-key]")].find((each) => each.dataset.key === key)?.focus({ preventScroll: true });
  }

  // The numbers are one stop of the Tab key; arrows move among them.
  function walk(event) {
    const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    const cell = event.target.closest("td.tw-number");
    if (!step || !cell) return;
    const rows = [...root.querySelectorAll(".tw-scroll tbody tr")];
    const row = rows.indexOf(cell.parentElement) + step[0];
    const next = rows[row]?.querySelectorAll("td.tw-number button")[cell.cellIndex - 1 + step[1]];
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    for (const each of root.querySelectorAll("td.tw-number button")) each.tabIndex = each === next ? 0 : -1;
    next.focus();
  }
  model.on("change:shown", redraw);
  model.on("msg:custom", words);
  redraw();
  return () => model.off(null, null);
}

export default { render };
