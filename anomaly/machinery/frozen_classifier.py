"""The classifier that a detector watches: a view that never trains it, and its hidden layers."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
from tensorflow import keras

from tools.errors import ArgumentError


class FrozenModel(keras.Model):
    """View of a model, or of one of its layers, that shares its weights and never trains them.

    The original keeps its `trainable` flags, so that its owner can go on training it or a copy of
    it. The view and its `layers` are untrainable; a call is always one of inference. All other
    attributes, such as `input_shape` or a layer's `kernel`, are the original's.

    Args:
        original: The model or layer.

    Attributes:
        original: The model or layer.
    """

    def __init__(self, original: keras.layers.Layer):
        super().__init__(name=original.name, dtype=original.dtype_policy)
        self.original = original
        self.built = True  # the original builds itself when it is called

    @property
    def trainable(self) -> bool:
        """False."""
        return False

    @trainable.setter
    def trainable(self, value: bool) -> None:
        if value:
            raise ArgumentError("a detector's model stays frozen; train the classifier itself")

    @property
    def layers(self) -> list["FrozenModel"]:
        """Views of the original's layers; none if it is a layer."""
        return [FrozenModel(layer) for layer in getattr(self.original, "layers", [])]

    def call(self, x: Any, training: bool | None = None) -> Any:
        """The original's output for rows, in inference."""
        return self.original(x, training=False)

    def save(self, *arguments: Any, **options: Any) -> None:
        """Saves the original."""
        self.original.save(*arguments, **options)

    def __getattr__(self, name: str) -> Any:
        # Keras looks for its own private attributes before there is an original.
        if name.startswith("_") or name == "original":
            raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")
        return getattr(self.original, name)


def hidden_head(output_dim: int) -> keras.Sequential:
    """A random projection to `output_dim` probabilities, which is never trained."""
    return keras.Sequential(
        [keras.layers.Flatten(), keras.layers.Dense(output_dim, activation="softmax")]
    )


def hidden_layer_model(model: FrozenModel, index: int, head: keras.Sequential) -> FrozenModel:
    """The model from the classifier's input through layer `index` and the head.

    Raises:
        ArgumentError: There is no such layer, or it cannot be reached from the input.
    """
    classifier = model.original
    try:
        side_model = keras.Model(classifier.inputs[0], head(classifier.layers[index].output))
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise ArgumentError(
            f"hidden_layer_kld: model has no output of a layer {index!r}; it has "
            f"{len(classifier.layers)} layers, and must be a Sequential or a functional model"
        ) from error
    return FrozenModel(side_model)


def joint_outputs(
    model: FrozenModel, side_models: Sequence[keras.Model]
) -> Callable[[tf.Tensor], Sequence[tf.Tensor]]:
    """Maps rows to the outputs of all the models, in one pass where they share their layers."""
    models = [
        each.original if isinstance(each, FrozenModel) else each for each in (model, *side_models)
    ]
    inputs = [getattr(each, "inputs", None) or [None] for each in models]
    if side_models and all(tensors[0] is inputs[0][0] is not None for tensors in inputs):
        joint = keras.Model(models[0].inputs[0], [each.outputs[0] for each in models])
        return lambda x: joint(x, training=False)
    return lambda x: [each(x, training=False) for each in models]
