# SPDX-License-Identifier: MIT
"""Enough of C++ to tell statements, conditions, lambdas and blocks apart. Not a compiler: it never looks names up.

read(text) gives a tree of Tok and Group; expressions(tree) walks it and gives every full expression of every function.
"""
import re
from dataclasses import dataclass, field

CLOSING = {"(": ")", "[": "]", "{": "}"}
TOKEN = re.compile(
    r"""(?P<skip>\s+|//(?:[^\n\\]|\\.|\\\n)*|/\*.*?\*/)
      | (?P<raw>(?:u8|[uUL])?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)")
      | (?P<string>(?:u8|[uUL])?"(?:[^"\\\n]|\\.)*"|(?:u8|[uUL])?'(?:[^'\\\n]|\\.)+')
      | (?P<number>\.?\d(?:[eEpP][+-]|[\w.]|'\w)*)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<op><=>|->\*?|::|\.\.\.|<<=|>>=|==|!=|<=|>=|&&|\|\||\+\+|--|[-+*/%^&|]=|[^\s\w])""",
    re.VERBOSE | re.DOTALL)


@dataclass
class Tok:
    text: str
    line: int


@dataclass
class Group:
    open: str
    line: int
    nodes: list = field(default_factory=list)

    @property
    def text(self):
        return self.open


@dataclass
class Lambda:
    line: int
    captures: list
    text: str = "[]"


@dataclass
class Expression:
    """One full expression. `condition` is the keyword whose condition it is, else ''."""
    nodes: list
    condition: str
    line: int


def without_directives(text):
    """Blanks preprocessor lines and all but the first branch of each #if, and keeps the line numbers."""
    out, dead, open_ifs, continued = [], 0, [], False
    for line in text.split("\n"):
        directive = re.match(r"\s*#\s*(\w+)", line) if not continued else None
        if directive:
            word = directive.group(1)
            if word in ("if", "ifdef", "ifndef"):
                open_ifs.append(False)
            elif word in ("else", "elif") and open_ifs and not open_ifs[-1]:
                open_ifs[-1] = True
                dead += 1
            elif word == "endif" and open_ifs:
                dead -= open_ifs.pop()
        hidden = directive or continued or dead
        continued = bool(directive or continued) and line.endswith("\\")
        out.append("" if hidden else line)
    return "\n".join(out)


def read(text):
    """The tree of a source text. Raises ValueError with the line where brackets do not match."""
    root = Group("", 1)
    stack, line = [root], 1
    for match in TOKEN.finditer(without_directives(text)):
        kind, token = match.lastgroup, match.group()
        if kind == "mark":
            kind = "raw"
        if kind in ("raw", "string"):
            stack[-1].nodes.append(Tok('""', line))
        elif token in CLOSING:
            group = Group(token, line)
            stack[-1].nodes.append(group)
            stack.append(group)
        elif token in CLOSING.values():
            if CLOSING.get(stack.pop().open) != token or not stack:
                raise ValueError(f"{line}: unmatched {token}")
        elif kind != "skip":
            stack[-1].nodes.append(Tok(token, line))
        line += token.count("\n")
    if len(stack) != 1:
        raise ValueError(f"{stack[-1].line}: unmatched {stack[-1].open}")
    return root.nodes


def is_group(node, opening):
    return isinstance(node, Group) and node.open == opening


def texts(nodes):
    return [node.text for node in nodes]


def split(nodes, separator):
    parts = [[]]
    for node in nodes:
        if isinstance(node, Tok) and node.text == separator:
            parts.append([])
        else:
            parts[-1].append(node)
    return parts


def lambda_body(nodes, at):
    """The index of the body of the lambda whose captures are nodes[at], or None when that is no lambda."""
    before = nodes[at - 1] if at else None
    captures = nodes[at]
    if captures.nodes and is_group(captures.nodes[0], "["):
        return None  # an attribute
    if is_group(before, "(") or is_group(before, "[") or isinstance(before, Lambda):
        return None  # a subscript
    if isinstance(before, Tok) and re.match(r'\w|""|>', before.text) and before.text not in (
            "return", "co_return", "co_await", "co_yield", "throw", "else", "do", "case"):
        return None  # a subscript
    for i in range(at + 1, len(nodes)):
        if is_group(nodes[i], "{"):
            return i
        if isinstance(nodes[i], Tok) and nodes[i].text in (";", ",", "=", "?"):
            return None
    return None


def with_lambdas(nodes, found):
    """The nodes with each lambda folded into one; their bodies are appended to `found`."""
    out, i = [], 0
    while i < len(nodes):
        body = lambda_body(nodes, i) if is_group(nodes[i], "[") else None
        if body is None:
            out.append(nodes[i])
            i += 1
        else:
            found.append(nodes[body].nodes)
            out.append(Lambda(nodes[i].line, nodes[i].nodes))
            i = body + 1
    return out


def after_template(nodes, i):
    """The index behind `template<…>` at i."""
    depth = 0
    for j in range(i + 1, len(nodes)):
        if nodes[j].text == "<":
            depth += 1
        elif nodes[j].text == ">":
            depth -= 1
            if depth == 0:
                return j + 1
    return len(nodes)


def brace_kind(head, brace, in_code):
    """What a { after these nodes of the same item opens: 'names', 'code', 'opaque' or 'init'."""
    words = texts(head)
    last = head[-1]
    plain = [w for w in words if w != "("]
    if "requires" in words[-2:]:
        return "requires"
    if words[0] == "enum":
        return "opaque"
    if not in_code and ("namespace" in words[:2] or (words[0] == "extern" and len(words) == 2)):
        return "names"
    if "=" not in plain and any(w in ("class", "struct", "union") for w in plain) and (
            "(" not in words or "alignas" in words):
        return "names"
    if in_code:
        # `name(…) {` is no expression: it is a macro that opens a block, as SECTION does.
        is_block = is_group(last, "(") or any(n.text == ";" for n in brace.nodes)
        return "code" if is_block else "init"
    if "(" not in words:
        return "init"
    behind = words[words.index("(") + 1:]
    if "=" in behind and "operator" not in words:
        return "init"
    if ":" in behind and isinstance(last, Tok) and last.text not in ("try", "noexcept"):
        return "init"  # a member in a constructor's list
    return "code"


def expressions(nodes, in_code=False):
    """Every full expression in these nodes, bodies of functions and lambdas included."""
    bodies = []
    nodes = with_lambdas(nodes, bodies)
    i, start = 0, 0
    while i < len(nodes):
        node, word = nodes[i], nodes[i].text
        if i > start:
            pass  # in the middle of an item
        elif is_group(node, "{"):
            yield from expressions(node.nodes, in_code)
            i += 1
            start = i
            continue
        elif isinstance(node, Tok) and word == "template":
            i = start = after_template(nodes, i)
            continue
        elif isinstance(node, Tok) and (word in (";", ":", "else", "do", "try", "public", "private", "protected")):
            i += 1
            start = i
            continue
        elif in_code and word in ("case", "default"):
            while i < len(nodes) and nodes[i].text != ":":
                i += 1
            start = i
            continue
        elif in_code and word in ("if", "while", "switch", "for", "catch"):
            while i < len(nodes) and not is_group(nodes[i], "(") and not is_group(nodes[i], "{"):
                i += 1
            if i < len(nodes) and is_group(nodes[i], "("):
                yield from conditions(word, nodes[i])
                i += 1
            start = i
            continue
        if isinstance(node, Tok) and word == ";":
            yield from nested(nodes[start:i], "")
            start = i + 1
        elif is_group(node, "{") and i > start:
            kind = brace_kind(nodes[start:i], node, in_code)
            if kind in ("names", "code"):
                yield from expressions(node.nodes, kind == "code")
            if kind in ("names", "code", "opaque"):
                yield from nested(nodes[start:i], "")
                start = i + 1
        i += 1
    yield from nested(nodes[start:], "")
    for body in bodies:
        yield from expressions(body, True)


def conditions(keyword, group):
    parts = split(group.nodes, ";")
    if keyword == "for" and len(parts) < 3:  # a range-for: what it ranges over is evaluated once, before the loop
        for part in parts:
            yield from nested(part, "")
    elif keyword == "for":
        yield from nested(parts[0], "")
        for part in parts[1:]:
            yield from nested(part, keyword)
    else:
        for part in parts[:-1]:
            yield from nested(part, "")
        yield from nested(parts[-1], "" if keyword == "catch" else keyword)


def nested(nodes, condition):
    """The expression itself, then those in the lambdas and blocks inside its brackets."""
    if not nodes:
        return
    bodies = []
    folded = fold(nodes, bodies)
    yield Expression(folded, condition, nodes[0].line)
    for body in bodies:
        yield from expressions(body, True)


def fold(nodes, bodies):
    out = []
    for node in with_lambdas(nodes, bodies):
        if is_group(node, "{") and any(n.text == ";" for n in node.nodes):
            bodies.append(node.nodes)  # a block handed to a macro
        elif isinstance(node, Group):
            out.append(Group(node.open, node.line, fold(node.nodes, bodies)))
        else:
            out.append(node)
    return out
