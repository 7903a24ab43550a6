"""Texts that a label or a quote may hold and that must stay text in every output."""

HOSTILE = (
    "<script>alert(1)</script>",
    "</w:t></w:r></w:p></table></style>",
    '=cmd|"/c calc"!A1',
    "+1+1",
    "@SUM(1)",
    "\tTab in front",
    "right to left \u202e override \u05e9\u05dc\u05d5\u05dd",
    "smile \U0001f642 and family \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "[link](javascript:alert(1)) **bold** # heading",
    "&lt;b&gt; &amp; &#x27; {{ 7 * 7 }}",
    "vertical tab \x0b, bell \x07, null \x00, half a pair \ud83d, no character \uffff",
    'DDEAUTO "c:\\\\x" \\* MERGEFORMAT',
)
