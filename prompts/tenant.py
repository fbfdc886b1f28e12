"""Templates that a workspace writes itself: a small language, allowed node by node.

No loops, no arithmetic, no calls, no attributes: what is left cannot take long, so it needs no process of its own.
What a lead, a page or a mail says is never a source here, only a value.
"""

from collections.abc import Mapping

from jinja2 import TemplateSyntaxError, nodes

from core.errors import Rejected
from prompts.environment import environment, render_to_text

MAX_SOURCE_CHARS = 16 * 1024
MAX_NODES = 2_000  # a long mail has about a hundred

ALLOWED_FILTERS = frozenset({"capitalize", "default", "first", "join", "last", "lower", "title", "trim", "upper"})

_ALLOWED_NODES: tuple[type[nodes.Node], ...] = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.If,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Filter,
)


def _refuse(what: str, line: int) -> Rejected:
    return Rejected(
        f"Line {line}: {what} is not allowed in a template.",
        hint=f"Use {{{{ variable }}}}, {{% if %}} and these filters: {', '.join(sorted(ALLOWED_FILTERS))}.",
    )


def check_tenant_source(source: str, names: frozenset[str]) -> None:
    """Raises Rejected, with the line and what to use instead, for anything outside the small language.

    `names`: the variables there are.
    """
    if len(source) > MAX_SOURCE_CHARS:
        raise Rejected(f"The template has {len(source)} characters; the most is {MAX_SOURCE_CHARS}.")
    try:
        tree = environment().parse(source)
    except TemplateSyntaxError as error:
        raise Rejected(f"Line {error.lineno}: {error.message}.") from error
    except RecursionError as error:
        raise Rejected("The template is nested too deeply.") from error
    pending: list[nodes.Node] = [tree]
    count = 0
    while pending:
        node = pending.pop()
        count += 1
        if count > MAX_NODES:
            raise Rejected(f"The template has more than {MAX_NODES} parts.")
        _check_node(node, names)
        pending.extend(node.iter_child_nodes())


def _check_node(node: nodes.Node, names: frozenset[str]) -> None:
    if not isinstance(node, _ALLOWED_NODES):
        raise _refuse(f"“{type(node).__name__}”", node.lineno)
    if isinstance(node, nodes.Name) and (node.ctx != "load" or node.name not in names):
        known = ", ".join(sorted(names)) or "none"
        raise Rejected(f"Line {node.lineno}: there is no variable {node.name!r}.", hint=f"There are: {known}.")
    if isinstance(node, nodes.Filter):
        if node.name not in ALLOWED_FILTERS:
            raise _refuse(f"the filter {node.name!r}", node.lineno)
        arguments = [*node.args, *(pair.value for pair in node.kwargs)]
        if node.dyn_args or node.dyn_kwargs or not all(isinstance(item, nodes.Const) for item in arguments):
            raise _refuse(f"a computed argument of the filter {node.name!r}", node.lineno)
        # Filters of filters of lists could still multiply: three in a row is as many as any sentence needs.
        depth, inner = 1, node.node
        while isinstance(inner, nodes.Filter):
            depth, inner = depth + 1, inner.node
        if depth > 3:
            raise _refuse("a chain of more than three filters", node.lineno)


def render_tenant(source: str, variables: Mapping[str, object]) -> str:
    """The text of a workspace's own template. Raises Rejected for what the small language does not have."""
    check_tenant_source(source, frozenset(variables))
    return render_to_text(environment().from_string(source), variables)
