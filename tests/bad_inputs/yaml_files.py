"""Bad inputs: YAML files that mean something else than they look like, or would harm whoever reads them."""

from __future__ import annotations

from bad_inputs.case import CANARY, CODEBOOK, PARTICIPANTS, STUDY, WAVE, B, Case, P, W, Y, added, spoilt

TITLE = "title: A tiny study"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
NORWAY = STUDY.replace("helpful, unhelpful, mixed, dropped_out]", "no, unhelpful, mixed, dropped_out]").replace(
    "reference: helpful", "reference: no").replace("{group: helpful,", "{group: no,")  # fmt: skip
QUOTED = NORWAY.replace("[no,", '["no",').replace("reference: no", 'reference: "no"').replace(
    "{group: no,", '{group: "no",')  # fmt: skip
NUMBERED = CODEBOOK.replace("B.skills", "012").replace("Z.rare", "1:30")


def titled(text: str) -> dict[str, str | bytes | None]:
    """study.yaml with another line for the title."""
    return spoilt(Y, (TITLE, text))


CASES = [
    # what YAML can do and a study does not need
    Case("tag that makes an object", titled(f"title: !!python/name:os.{CANARY} ''"), "Y04", Y, 2, None,
         ("tags (!)", "Write the value out")),
    Case("tag that runs a command", titled("title: !!python/object/apply:os.system ['true']"), "Y04", Y, 2, None,
         ("tags (!)",)),
    Case("tag of bytes", titled("title: !!binary aGVsbG8="), "Y04", Y, 2, None, ("tags (!)",)),
    Case("tag of a stranger", titled(f"title: !{CANARY} x"), "Y04", Y, 2, None, ("tags (!)",)),
    Case("anchor", spoilt(Y, ("waves: [w1]", "waves: &w [w1]")), "Y04", Y, 6, None, ("anchors (&)",)),
    Case("alias of nothing", titled("title: *title"), "Y04", Y, 2, None, ("aliases (*)",)),
    Case("aliases that grow without bound", {Y: BOMB}, "Y04", Y, 1, None, ("anchors (&)", "Write the value out")),
    Case("aliases that grow without bound in the codebook", {B: BOMB}, "Y04", B, 1, None, ("aliases (*)",)),
    Case("block taken over from elsewhere", titled(f"{TITLE}\n<<: {{claim: prediction}}"), "Y07", Y, 3,
         "(unusual name)", ("not known",)),
    Case("block inside itself", titled("title: &t [*t]"), "Y04", Y, 2, None, ("anchors (&)",)),
    Case("second document", {Y: f"{STUDY}---\n{STUDY}"}, "Y04", Y, 24, None,
         ("a second document starts here", "three hyphens")),
    Case("lists of lists of lists", {Y: "[" * 5_000}, "Y04", Y, 1, None, ("more than 20 deep",)),
    Case("blocks of blocks of blocks", {W: "\n".join("  " * i + "a:" for i in range(100)) + " 1\n"}, "Y04", W, 21,
         None, ("more than 20 deep",)),
    Case("file of a megabyte", {Y: STUDY + "#" * 1_000_000}, "Y02", Y, None, None, ("larger than 500,000 bytes",)),
    Case("number without end", spoilt(W, ("n_invited: 15", f"n_invited: {'9' * 5_000}")), "Y06", W, 6, "n_invited",
         ("a whole number",)),
    # what YAML turns into something else
    Case("a group called no", {Y: NORWAY}, "", Y, like={Y: QUOTED}),
    Case("codes that YAML reads as numbers and times", {B: NUMBERED, P: PARTICIPANTS}, "X03",
         "waves/w1/coded_segments.csv", 2, "code_id", ("not in the codebook",)),
    Case("a title of a number", titled("title: 0x1F"), "", Y),
    Case("a date in the place of a text", titled("title: 2024-01-01"), "", Y),
    Case("a mark of UTF-8 before a file of rules", {Y: "\ufeff" + STUDY}, "", Y),
    # keys
    Case("key twice", titled(f"{TITLE}\ntitle: Another"), "Y05", Y, 3, "title", ("stands twice", "Keep one")),
    Case("key twice in a block", spoilt(W, ("look: 1", "look: 1\nlook: 2")), "Y05", W, 6, "look", ("stands twice",)),
    Case("key twice in an entry of the codebook", spoilt(B, ("{id: B, label", "{id: B, id: B2, label")), "Y05", B, 5,
         "themes.id", ("Keep one",)),
    Case("key that is a list", {Y: f"{STUDY}? [a, b]\n: 1\n"}, "Y05", Y, 24, "(unusual name)",
         ("a key is a list or a block",)),
    Case("key that is free text", {Y: added(STUDY, f"the {CANARY} of Leeds sang today: 1")}, "Y07", Y, 24,
         "(unusual name)", ("Allowed: study, title",)),
    Case("key of a prototype", {Y: added(STUDY, "__class__: 1")}, "Y07", Y, 24, "__class__", ("not known",)),
    # shape
    Case("no YAML", spoilt(Y, ("  groups: [", f"  groups: [[{CANARY}")), "Y03", Y, 9, None, ("Check indentation",)),
    Case("tab for indentation", spoilt(Y, ("  reference:", "\treference:")), "Y03", Y, 9, None, ("no tabs",)),
    Case("line moved in by one blank", spoilt(Y, ("  reference:", "   reference:")), "Y03", Y, 9, None,
         ("Check indentation",)),
    Case("quotation mark that is never closed", titled('title: "A tiny study'), "Y03", Y, 24, None,
         ("quotation marks",)),
    Case("colon inside a title", titled("title: Themes: what helps"), "Y03", Y, 2, None, ("colons and quotation",)),
    Case("control character", titled("title: A tiny\x07 study"), "Y03", Y, 2, None, ("holds a control character",)),
    Case("NUL", titled("title: A tiny\0 study"), "Y03", Y, 2, None, ("holds a control character",)),
    Case("not UTF-8", {Y: STUDY.replace("tiny", "schön").encode("cp1252")}, "Y03", Y, 1, None, ("Save it as UTF-8",)),
    Case("UTF-16", {Y: b"\xff\xfe" + STUDY.encode("utf-16-le")}, "Y03", Y, 1, None, ("Save it as UTF-8",)),
    Case("half a character", {Y: STUDY.encode().replace(b"tiny", b"\xed\xa0\xbd")}, "Y03", Y, 1, None,
         ("not UTF-8 text",)),
    Case("list where keys belong", {W: "- opened\n- closed\n"}, "Y06", W, 1, None, ("a list stands where",)),
    Case("text where keys belong", {W: f"the {CANARY}\n"}, "Y06", W, 1, None, ("a single value stands where",)),
    Case("empty file", {Y: ""}, "Y01", Y, 1, None, ("is empty", "themewave new")),
    Case("comments alone", {W: "# opened:\n# closed:\n"}, "Y01", W, 1, None, ("is empty",)),
    Case("wave.yaml that is a folder", {W: lambda path: path.mkdir(parents=True)}, "Y01", W, None, None,
         ("there is no wave.yaml",)),
    Case("codebook that is a link to itself", {B: lambda path: path.symlink_to(path.name)}, "Y01", B, None, None,
         ("there is no codebook.yaml",)),
    Case("no codebook", {B: None}, "Y01", B, None, None, ("there is no codebook.yaml",)),
    Case("two codebooks", {"codebook.csv": "id,label\nA,x\n"}, "C06", "codebook.csv", None, None,
         ("Keep one of them",)),
    Case("theme without an id", {B: added(CODEBOOK, "  - {label: X}")}, "Y08", B, 8, "themes.id",
         ('"id" is missing', "Add it")),
    Case("theme id with a space", {B: added(CODEBOOK, f"  - {{id: x {CANARY}, label: X}}")}, "Y09", B, 8, "themes.id",
         ("none of: space , ; |",)),
    Case("codebook without a theme", {B: "themes: []\n"}, "Y09", B, 1, "themes", ("the list is empty",)),
    Case("wave.yaml of another wave behind it", {W: WAVE + "...\n" + WAVE}, "Y03", W, 9, None,
         ("cannot be read as YAML",)),
]  # fmt: skip
