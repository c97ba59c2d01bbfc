"""What may be published: whatever the checks let through, secret inputs too."""

from coordination.ports import ReadDefinition
from coordination.refusals import InvalidDefinition
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.reading import DefinitionReader

VEILED = "name: deploy\ninputs: {key: {type: string, secret: true}}\nsteps: [{id: a, wait: 1s}]"


def test_a_definition_with_a_secret_input_is_published() -> None:
    reader = DefinitionReader(Registry(built_in(environment={})))

    found = reader.read({"a.yaml": VEILED}, {})["a.yaml"]

    assert isinstance(found, ReadDefinition)
    assert found.definition.inputs_schema["properties"]["key"]["writeOnly"] is True


def test_one_that_shows_a_secret_input_is_not() -> None:
    reader = DefinitionReader(Registry(built_in(environment={})))

    found = reader.read({"b.yaml": VEILED.replace("wait: 1s", "stop: '{{ inputs.key }}'")}, {})

    refused = found["b.yaml"]
    assert isinstance(refused, InvalidDefinition)
    assert "the input `key` is secret" in str(refused)
