# ruff: noqa: D102, N802  methods are those of numpy.ndarray, by its names
"""Tensors that NumPy's functions take, so that a formula for arrays is exported as it stands.

NumPy hands its functions over to an argument that has `__array_ufunc__` and `__array_function__`;
here both become TensorFlow operations of the same type. What NumPy has no function for is a
`functools.singledispatch` function of `tools.scores`, of which `traced_functions` has the form for
these arrays.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self

import numpy as np
import tensorflow as tf
from numpy.lib.mixins import NDArrayOperatorsMixin

_LARGE = 1 << 16  # bytes of a constant that is kept beside the graph, which holds 2 GB at most
_UFUNCS: dict[str, Callable[..., tf.Tensor]] = {
    "absolute": tf.abs,
    "add": tf.add,
    "arcsinh": tf.asinh,
    "divide": tf.divide,
    "equal": tf.equal,
    "exp": tf.exp,
    "expm1": tf.math.expm1,
    "greater": tf.greater,
    "greater_equal": tf.greater_equal,
    "less": tf.less,
    "less_equal": tf.less_equal,
    "log": tf.math.log,
    "log1p": tf.math.log1p,
    "matmul": tf.experimental.numpy.matmul,
    "maximum": tf.maximum,
    "minimum": tf.minimum,
    "multiply": tf.multiply,
    "negative": tf.negative,
    "rint": tf.round,
    "sinh": tf.sinh,
    "sqrt": tf.sqrt,
    "square": tf.square,
    "subtract": tf.subtract,
}


class TracedArray(NDArrayOperatorsMixin):
    """A tensor with the part of the interface of numpy.ndarray that the scores use.

    Args:
        tensor: Any tensor; all but its first axis have a known length.
        constants: Large arrays that the graph uses, as variables by identity; shared by all that is
            computed from this one.
    """

    def __init__(self, tensor: tf.Tensor, constants: "Constants"):
        self.tensor = tensor
        self.constants = constants

    @property
    def dtype(self) -> np.dtype:
        return np.dtype(self.tensor.dtype.as_numpy_dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.tensor.shape)

    @property
    def ndim(self) -> int:
        return len(self.tensor.shape)

    @property
    def T(self) -> Self:
        return self.like(tf.transpose(self.tensor))

    def __len__(self) -> int:
        return self.shape[0]  # an error where the number of rows is not known

    def __iter__(self) -> Iterator[Self]:
        return map(self.like, tf.unstack(self.tensor))

    def __getitem__(self, key: Any) -> Self:
        keys = key if isinstance(key, tuple) else (key,)
        tensor = self.tensor
        for axis, of_axis in enumerate(keys):
            if isinstance(of_axis, np.ndarray):  # a mask
                tensor = tf.gather(tensor, np.flatnonzero(of_axis), axis=axis)
        plain = tuple(slice(None) if isinstance(each, np.ndarray) else each for each in keys)
        return self.like(tensor[plain])

    def astype(self, dtype: Any) -> Self:
        return self.like(tf.cast(self.tensor, dtype))

    def reshape(self, *shape: int) -> Self:
        return self.like(tf.reshape(self.tensor, shape))

    def copy(self) -> Self:
        return self

    def swapaxes(self, first: int, second: int) -> Self:
        return self.like(tf.experimental.numpy.swapaxes(self.tensor, first, second))

    def mean(self, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Self:
        return self.like(tf.reduce_mean(self._as(dtype), axis, keepdims))

    def sum(self, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Self:
        return self.like(tf.reduce_sum(self._as(dtype), axis, keepdims))

    def std(self, axis: Any = None, *, keepdims: bool = False) -> Self:
        return self.like(tf.math.reduce_std(self.tensor, axis, keepdims))

    def max(self, axis: Any = None) -> Self:
        return self.like(tf.reduce_max(self.tensor, axis))

    def tensor_of(self, value: Any) -> tf.Tensor:
        """A tensor of an array, a number, or another traced array."""
        return value.tensor if isinstance(value, TracedArray) else self.constants.tensor(value)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Self:
        if method == "reduceat" and ufunc is np.add:
            return self.like(_sums_between(self.tensor, *inputs[1:], **options))
        function = _UFUNCS.get(ufunc.__name__)
        if method != "__call__" or function is None:
            return NotImplemented
        return self.like(function(*self._of_one_type(inputs)))

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: Sequence[Any], options: Any
    ) -> Self:
        form = getattr(self, f"_{function.__name__}", None)
        return NotImplemented if form is None else form(*args, **options)

    def _of_one_type(self, values: Sequence[Any]) -> list[tf.Tensor]:
        """Tensors of the type that NumPy would compute in."""
        like = (np.empty(0, v.dtype) if isinstance(v, TracedArray) else v for v in values)
        dtype = np.result_type(*like)
        return [tf.cast(self.tensor_of(value), dtype) for value in values]

    def like(self, tensor: tf.Tensor) -> Self:
        """A tensor as an array that shares the constants of this one."""
        return type(self)(tensor, self.constants)

    def _as(self, dtype: Any) -> tf.Tensor:
        return self.tensor if dtype is None else tf.cast(self.tensor, dtype)

    # Forms of NumPy's functions, by name.

    def _mean(self, values: "TracedArray", axis: Any = None) -> Self:
        return self.like(tf.reduce_mean(values.tensor, axis))

    def _var(self, values: "TracedArray", axis: Any = None, ddof: int = 0) -> Self:
        count = values.shape[axis]
        variance = tf.math.reduce_variance(values.tensor, axis)
        return self.like(variance * (count / (count - ddof)))

    def _where(self, condition: Any, first: Any, second: Any) -> Self:
        values = self._of_one_type((first, second))
        return self.like(tf.where(self.tensor_of(condition), *values))

    def _clip(self, values: Any, low: Any, high: Any) -> Self:
        return self.like(tf.clip_by_value(*self._of_one_type((values, low, high))))

    def _concatenate(self, arrays: Sequence[Any], axis: int = 0) -> Self:
        return self.like(tf.concat(self._of_one_type(tuple(arrays)), axis))

    def _stack(self, arrays: Sequence[Any], axis: int = 0) -> Self:
        return self.like(tf.stack(self._of_one_type(tuple(arrays)), axis))

    def _take_along_axis(self, table: np.ndarray, places: Any, axis: int) -> Self:
        if table.size != table.shape[axis]:
            return NotImplemented
        return self.like(tf.gather(self.tensor_of(table.ravel()), places.tensor))

    def _searchsorted(self, known: np.ndarray, values: Any, side: str = "left") -> Self:
        known_too, wanted = self._of_one_type((known, values))
        return self.like(tf.searchsorted(known_too, wanted, side, tf.int64))

    def _partition(self, values: "TracedArray", place: int, axis: int = -1) -> Self:
        return self.like(tf.sort(values.tensor, axis))

    def _repeat(self, values: "TracedArray", count: int, axis: int) -> Self:
        return self.like(tf.repeat(values.tensor, count, axis))

    def _rfft2(self, values: "TracedArray") -> Self:
        return self.like(tf.signal.rfft2d(values.tensor))


class Constants(tf.Module):
    """Arrays as constants of a graph, or, large ones, as variables beside it."""

    def __init__(self) -> None:
        super().__init__(name="constants")
        self._variables: list[tf.Variable] = []
        self._arrays: list[np.ndarray] = []  # kept, so that no other array gets their place

    def tensor(self, value: Any) -> tf.Tensor:
        """A tensor with the values of an array or number."""
        array = np.asarray(value)
        if array.nbytes < _LARGE:
            return tf.constant(array)
        for known, variable in zip(self._arrays, self._variables, strict=True):
            is_same_view = known.shape == array.shape and known.strides == array.strides
            if is_same_view and np.may_share_memory(known, array):
                return tf.convert_to_tensor(variable)
        with tf.init_scope():
            variable = tf.Variable(array, trainable=False)
        self._arrays.append(array)
        self._variables.append(variable)
        return tf.convert_to_tensor(variable)


def _sums_between(tensor: tf.Tensor, starts: np.ndarray, axis: int, **options: Any) -> tf.Tensor:
    """As np.add.reduceat with ascending starts, of which the first is 0."""
    ends = [*starts[1:], tensor.shape[axis]]
    sizes = np.subtract(ends, starts)
    return tf.stack([tf.reduce_sum(part, axis) for part in tf.split(tensor, sizes, axis)], axis)
