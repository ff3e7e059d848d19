import pytest

from nlpcli.training.adapter_file import plain_name


@pytest.mark.parametrize(
    ("peft_name", "name"),
    [
        ("base_model.model.bert.encoder.layer.0.attention.self.query.lora_A.default.weight",
         "bert.encoder.layer.0.attention.self.query.lora_A"),
        ("base_model.model.bert.pooler.modules_to_save.default.dense.weight", "bert.pooler.dense.weight"),
        ("base_model.model.classifier.modules_to_save.default.bias", "classifier.bias"),
    ],
)  # fmt: skip
def test_names_are_those_of_the_plain_model(peft_name, name):
    assert plain_name(peft_name) == name


def test_a_tensor_that_was_not_trained_is_refused():
    with pytest.raises(ValueError, match="no trained tensor"):
        plain_name("base_model.model.bert.embeddings.word_embeddings.weight")
