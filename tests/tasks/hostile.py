"""Texts that try to become something else on a page or in a file."""

SCRIPTS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</td></tr></table><h1>out</h1>",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% debug %}${7*7}",
    "<!-- --><svg/onload=alert(1)>",
    "&lt;b&gt; &amp;amp; &#60;",
)
LETTERS = (
    "a\0b\ud800",
    "\u202egpj.exe\u202c.pdf",
    "line one\nline two\r\nline three",
    "   leading blanks",
    "Família 👨\u200d👩\u200d👧\u200d👦 🧾",
    "e\u0301 \u00e9",
    "x" * 4000,
)
CELLS = (
    '=HYPERLINK("http://x.example";"Fatura")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    'semi;colon, comma and "quotes"',
    "\tTab first",
    "-2+3",
)
TEXTS = (*SCRIPTS, *LETTERS, *CELLS)
