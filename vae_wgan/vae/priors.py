"""Priors p(z) over latent codes: a normalizing flow, or a mixture of diagonal normals."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

tfb, tfd = tfp.bijectors, tfp.distributions

HIDDEN_UNITS = (512, 512)  # units of a flow's hidden layers, as in 2018
# Limits of one flow's log scale, as in 2018. Codes of anomalous images would go far beyond; the
# scales of six flows would multiply to infinity in float32.
LOG_SCALE_LIMITS = (-5.0, 3.0)
# Gradients of densities divide by the third power of a scale, which must not underflow.
SMALLEST_SCALE = 1e-6


def autoregressive_masks(num_inputs: int, hidden_units: Sequence[int]) -> list[np.ndarray]:
    """Masks [units in, units out] that let output i see inputs 0..i-1 only.

    Each hidden unit has a degree, evenly spread over 1..num_inputs-1, and sees units of its own
    degree or lower (Germain et al. 2015, MADE, https://arxiv.org/abs/1502.03509). The last mask has
    one output per input.
    """
    highest = max(num_inputs - 1, 1)
    degrees = [np.arange(1, num_inputs + 1)]
    degrees += [1 + np.arange(units) * highest // units for units in hidden_units]
    masks = [before[:, None] <= after for before, after in pairwise(degrees)]
    masks.append(degrees[-1][:, None] < degrees[0])
    return [mask.astype(np.float32) for mask in masks]


def clip_keeping_gradient(values: tf.Tensor, lowest: float, highest: float) -> tf.Tensor:
    """Clips the values to [lowest, highest]; the gradient passes as if they were not clipped."""
    return values + tf.stop_gradient(tf.clip_by_value(values, lowest, highest) - values)


class MaskedNetwork(tf.keras.layers.Layer):
    """Masked autoregressive network (MADE): shift and log scale of each z[i] from z[0..i-1].

    The log scale is clipped to LOG_SCALE_LIMITS.

    The last layer is initialized to zero, so a flow starts as the identity and the prior as the
    standard normal.

    It replaces `tfb.AutoregressiveNetwork`, whose variables a Keras 3 model neither trains nor
    saves.
    """

    def __init__(
        self,
        hidden_units: Sequence[int],
        *,
        seed: int,
        activation: str = "relu",
        inputs: Callable[[tf.Tensor], tf.Tensor] = tf.identity,
        **layer_options: object,
    ):
        """The arguments are those of FlowPrior; `seed` draws the initial weights."""
        super().__init__(**layer_options)
        self.hidden_units = tuple(hidden_units)
        self.activation = tf.keras.activations.get(activation)
        self.inputs = inputs
        self.seed = seed

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes weights for codes [..., input_shape[-1]]."""
        latent_size = input_shape[-1]
        assert latent_size is not None  # only the batch size may be unknown
        self.masks = autoregressive_masks(latent_size, self.hidden_units)
        self.masks[-1] = np.repeat(self.masks[-1], 2, axis=1)  # shift and log scale side by side
        self.kernels, self.biases = [], []
        for index, mask in enumerate(self.masks):
            last = index == len(self.masks) - 1
            initializer = (
                "zeros" if last else tf.keras.initializers.GlorotUniform(self.seed + index)
            )
            self.kernels.append(self.add_weight(mask.shape, initializer, name=f"kernel{index}"))
            self.biases.append(self.add_weight(mask.shape[1:], "zeros", name=f"bias{index}"))

    def call(self, z: tf.Tensor) -> tf.Tensor:
        """Maps codes [..., latent] to [..., latent, 2]: shift and log scale."""
        return self.traced(z)[0]

    def traced(self, z: tf.Tensor) -> tuple[tf.Tensor, list[tuple[tf.Tensor, tf.Tensor]]]:
        """The result of `call`, and each layer's inputs and outputs before activation."""
        hidden, maps = self.inputs(z), []
        for kernel, bias, mask in zip(self.kernels, self.biases, self.masks, strict=True):
            outputs = tf.tensordot(hidden, kernel * mask, 1) + bias
            maps.append((hidden, outputs))
            hidden = self.activation(outputs)
        outputs = tf.reshape(outputs, tf.concat([tf.shape(z), [2]], 0))
        shift, log_scale = tf.unstack(outputs, axis=-1)
        limited = clip_keeping_gradient(log_scale, *LOG_SCALE_LIMITS)
        return tf.stack([shift, limited], axis=-1), maps


class FlowPrior(tf.keras.layers.Layer):
    """Standard normal pushed through masked autoregressive flows, with permutations between them.

    Papamakarios et al. 2017, https://arxiv.org/abs/1705.07057. `log_prob` is one pass through the
    networks; sampling is sequential in the latent dimensions.
    """

    def __init__(
        self,
        latent_size: int,
        *,
        n_flows: int,
        seed: int,
        hidden_units: Sequence[int] = HIDDEN_UNITS,
        activation: str = "relu",
        inputs: Callable[[tf.Tensor], tf.Tensor] = tf.identity,
    ):
        """Makes the flows; `seed` draws the permutations and the initial weights.

        Args:
            latent_size: Dimensions of a latent code.
            n_flows: Number of flows; each has a masked network.
            seed: Seed of the permutations and initial weights.
            hidden_units: Sizes of the networks' hidden layers.
            activation: Activation function of the hidden layers, by its Keras name.
            inputs: Elementwise function of the codes, applied before the networks.
        """
        super().__init__(name="flow_prior")
        self.latent_size = latent_size
        rng = np.random.default_rng(seed)
        self.networks = [
            MaskedNetwork(
                hidden_units,
                seed=int(rng.integers(2**31)),
                activation=activation,
                inputs=inputs,
                name=f"flow{index}",
            )
            for index in range(n_flows)
        ]
        for network in self.networks:
            network.build((None, latent_size))
        # Weights, not constants: checkpoints hold them, and members share one compiled step.
        self.permutations = [
            self.add_weight(
                (latent_size,),
                lambda shape, dtype: tf.constant(rng.permutation(*shape), dtype),
                dtype="int64",  # TensorFlow keeps variables of int32 on the host, beside a GPU
                trainable=False,
                name=f"permutation{index}",
            )
            for index in range(1, n_flows)
        ]
        self.built = True

    def bijector(self, networks: Sequence[Callable] | None = None) -> tfb.Bijector:
        """Maps the base's noise [latent] to codes [latent]; without flows, the identity.

        Args:
            networks: Functions to call instead of the networks.
        """
        steps = []
        for index, network in enumerate(networks or self.networks):
            if index:
                steps.append(tfb.Permute(tf.convert_to_tensor(self.permutations[index - 1])))
            steps.append(tfb.MaskedAutoregressiveFlow(network))
        return tfb.Chain(steps)

    def distribution(self, networks: Sequence[Callable] | None = None) -> tfd.Distribution:
        """The prior p(z), z [latent]; the argument is that of `bijector`."""
        normal = tfd.MultivariateNormalDiag(tf.zeros(self.latent_size))
        if not self.networks:
            return normal
        return tfd.TransformedDistribution(normal, self.bijector(networks))


class MixturePrior(tf.keras.layers.Layer):
    """Learned mixture of diagonal normals; one component is the fixed standard normal."""

    def __init__(self, latent_size: int, *, components: int, seed: int):
        """Makes the components' weights, locations and scales; `seed` draws the locations."""
        super().__init__(name="mixture_prior")
        self.latent_size = latent_size
        self.components = components
        if components > 1:
            shape = (components, latent_size)
            normal = tf.keras.initializers.RandomNormal(stddev=1.0, seed=seed)
            self.loc = self.add_weight(shape, normal, name="loc")
            self.raw_scale = self.add_weight(shape, "zeros", name="raw_scale")
            self.mixture_logits = self.add_weight(shape[:1], "zeros", name="mixture_logits")
        self.built = True

    def distribution(self) -> tfd.Distribution:
        """The prior p(z), z [latent]."""
        if self.components == 1:
            return tfd.MultivariateNormalDiag(tf.zeros(self.latent_size))
        return tfd.MixtureSameFamily(
            tfd.Categorical(logits=tf.convert_to_tensor(self.mixture_logits)),
            tfd.MultivariateNormalDiag(
                tf.convert_to_tensor(self.loc), positive_scale(self.raw_scale)
            ),
        )


def make_prior(
    latent_size: int,
    *,
    use_NF: bool,  # noqa: N803  the flag's name in the code of 2018
    n_flows: int,
    mixture_components: int,
    hidden_units: Sequence[int] = HIDDEN_UNITS,
    seed: int,
) -> FlowPrior | MixturePrior:
    """The prior that these flags choose; `seed` draws its initial weights."""
    if use_NF:
        return FlowPrior(latent_size, n_flows=n_flows, hidden_units=hidden_units, seed=seed)
    return MixturePrior(latent_size, components=mixture_components, seed=seed)


def positive_scale(raw: tf.Tensor) -> tf.Tensor:
    """Softplus, shifted so that raw 0 gives scale 1; at least SMALLEST_SCALE."""
    at_zero = np.log(np.expm1(1.0 - SMALLEST_SCALE)).astype(np.float32)
    return SMALLEST_SCALE + tf.nn.softplus(raw + at_zero)
