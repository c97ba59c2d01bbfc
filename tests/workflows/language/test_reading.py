"""What may be published: a definition that can be kept as it promises."""

from coordination.ports import ReadDefinition
from coordination.refusals import InvalidDefinition
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.reading import DefinitionReader

VEILED = "name: deploy\ninputs: {key: {type: string, secret: true}}\nsteps: [{id: a, wait: 1s}]"


def test_a_definition_with_a_secret_input_is_not_published() -> None:
    reader = DefinitionReader(Registry(built_in(environment={})))

    found = reader.read({"a.yaml": VEILED}, {})

    refused = found["a.yaml"]
    assert isinstance(refused, InvalidDefinition)
    assert "`inputs.key` is secret" in str(refused)
    assert "{{ secrets.NAME }}" in str(refused)


def test_the_same_without_the_secret_is() -> None:
    reader = DefinitionReader(Registry(built_in(environment={})))

    found = reader.read({"b.yaml": VEILED.replace(", secret: true", "")}, {})

    assert isinstance(found["b.yaml"], ReadDefinition)
