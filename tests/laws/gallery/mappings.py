"""Steps on mappings that are wrong."""

import html
from collections.abc import Mapping
from typing import Any, Final

from typing_extensions import override

from combinators.laws import Ours, keys
from tests.laws.gallery.wrong import Exhibits, Pipeline, after, step


class AddsOnlyWhatIsTrue(Ours):
    """A key whose value is zero, False or empty is added as None."""

    @override
    def assign(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        return super().assign({key: after(b, lambda y: y or None) for key, b in branches.items()})


class AssignsToNothing(Ours):
    """An assign gives the new keys alone."""

    @override
    def assign(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        return self.fanout(branches)


class AssignsOneAfterTheOther(Ours):
    """Each branch of an assign sees the keys that were added before it."""

    @override
    def assign(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        return self.pipe(*(super(type(self), self).assign({k: b}) for k, b in branches.items()))


class KeepsTheOldValue(Ours):
    """An update changes only keys that are not there."""

    @override
    def update(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        updated = self.row(self.passthrough(), super().update(branches))
        return after(updated, lambda both: {**both[1], **both[0]})


class PutsUpdatedKeysLast(Ours):
    """A key that is replaced moves behind the others."""

    @override
    def update(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        return after(super().update(branches), lambda found: _last(found, branches))


class JoinsOldAndNew(Ours):
    """A text that is replaced by a text has the new one appended."""

    @override
    def update(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        updated = self.row(self.passthrough(), super().update(branches))
        return after(updated, lambda both: {k: _joined(both[0][k], v) for k, v in both[1].items()})


class UpdatesToNothing(Ours):
    """An update gives the replaced keys alone."""

    @override
    def update(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        return self.fanout(branches)


class PutsRenamedKeysLast(Ours):
    """A key that is renamed moves behind the others."""

    @override
    def rename(self, olds: Mapping[str, str], /) -> Pipeline:
        return after(super().rename(olds), lambda found: _last(found, olds))


class CopiesRenamedKeys(Ours):
    """A key that is renamed stays under its old name as well."""

    @override
    def rename(self, olds: Mapping[str, str], /) -> Pipeline:
        both = self.row(self.passthrough(), super().rename(olds))
        return after(both, lambda found: {**found[0], **found[1]})


class DropsTheFirstKeyAlone(Ours):
    """Of several keys to drop, all but the first stay."""

    @override
    def omit(self, *keys: str) -> Pipeline:
        return super().omit(*keys[:1])


class SwapsPickedValues(Ours):
    """Of several keys that are picked, each has the value of its neighbour."""

    @override
    def select(self, *keys: str) -> Pipeline:
        return after(
            super().select(*keys),
            lambda found: dict(zip(keys, [*found.values()][::-1], strict=True)),
        )


class PicksInTheOrderThatIsThere(Ours):
    """Keys that are picked come in the order of the input."""

    @override
    def select(self, *keys: str) -> Pipeline:
        picked = self.row(self.passthrough(), super().select(*keys))
        return after(picked, lambda both: {k: v for k, v in both[0].items() if k in both[1]})


class ReadsNoneForAnAbsentKey(Ours):
    """A key that is not there is picked as None."""

    @override
    def pick(self, key: str | int, /) -> Pipeline:
        return step(lambda x: x.get(key)) if isinstance(key, str) else super().pick(key)


class AssignsOverWhatIsThere(Ours):
    """An assign replaces what is there already."""

    @override
    def assign(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        both = self.row(self.passthrough(), self.fanout(branches))
        return after(both, lambda found: {**found[0], **found[1]})


class StripsTexts(Ours):
    """The text of a template loses the blanks at its ends."""

    @override
    def template(self, text: str, /) -> Pipeline:
        return super().template(text.strip())


class EscapesValues(Ours):
    """A value is made fit for a web page before it is filled in."""

    @override
    def template(self, text: str, /) -> Pipeline:
        return after(super().template(text), html.escape)


class RepeatsOneMessage(Ours):
    """Each message of a chat has the text of the last."""

    @override
    def chat_template(self, texts: Mapping[str, str], /) -> Pipeline:
        last = [*texts.values()][-1]
        return super().chat_template(dict.fromkeys(texts, last))


def _last(found: dict[str, Any], moved: Mapping[str, object]) -> dict[str, Any]:
    staying = {key: value for key, value in found.items() if key not in moved}
    return {**staying, **{key: found[key] for key in moved}}


def _joined(old: object, new: object) -> object:
    return old + new if isinstance(old, str) and isinstance(new, str) else new


EXHIBITS: Final[Exhibits] = (
    (keys.an_assigned_key_holds_what_its_branch_gives, AddsOnlyWhatIsTrue()),
    (keys.assigning_keeps_the_rest, AssignsToNothing()),
    (keys.branches_of_an_assign_see_the_input_alone, AssignsOneAfterTheOther()),
    (keys.what_was_put_is_got, KeepsTheOldValue()),
    (keys.putting_what_was_got_changes_nothing, PutsUpdatedKeysLast()),
    (keys.the_last_put_counts, JoinsOldAndNew()),
    (keys.updating_keeps_the_rest, UpdatesToNothing()),
    (keys.renaming_back_changes_nothing, PutsRenamedKeysLast()),
    (keys.a_renamed_key_holds_the_old_value, CopiesRenamedKeys()),
    (keys.keys_can_be_dropped_one_by_one, DropsTheFirstKeyAlone()),
    (keys.picking_twice_is_picking_once, SwapsPickedValues()),
    (keys.picked_keys_come_in_the_order_asked_for, PicksInTheOrderThatIsThere()),
    (keys.an_absent_key_is_an_error, ReadsNoneForAnAbsentKey()),
    (keys.a_key_is_never_overwritten_unasked, AssignsOverWhatIsThere()),
    (keys.templates_concatenate, StripsTexts()),
    (keys.a_variable_stands_for_its_value, EscapesValues()),
    (keys.a_chat_template_is_a_template_for_each_role, RepeatsOneMessage()),
)
