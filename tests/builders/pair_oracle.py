"""Answers questions about the edited scene of a minimal pair, from its graph and their own words."""

from question_oracle import Oracle


class PairOracle(Oracle):
    """Also says where an edited scene leaves an answer open: what is asked about may hold without being stated."""

    sure = False

    def answer_relation(self, row, text, form, choices):
        yield from super().answer_relation(row, text, form, choices)
        if form == "open":
            self.sure = True
            certain = list(super().answer_relation(row, text, form, choices))
            self.sure = False
            if not certain:
                yield "unsure"

    def judge(self, row, subject, heads, target):
        answer = super().judge(row, subject, heads, target)
        return "no" if self.sure and answer == "unsure" else answer


def order_mentions(graph):
    """The objects in the order in which the default template first names them."""
    relations = graph["relations"]
    order = []
    for number in range(len(graph["objects"])):
        targets = [relation["object"] for relation in relations if relation["subject"] == number]
        order += [number, *targets] if targets else []
    return list(dict.fromkeys([*order, *range(len(graph["objects"]))]))


def edit_row(row):
    """The row that the pair describes, as far as questions look at it."""
    graph = row["pair"]["scene_graph"]
    mentions = [{"element": f"object/{number}"} for number in order_mentions(graph)]
    return {**row, "scene_graph": graph, "mentions": mentions, "caption": row["pair"]["caption"]}
