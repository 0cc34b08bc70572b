"""Generated messages and google's agree on the wire."""

from __future__ import annotations

from google.protobuf import descriptor_pool, message_factory

from tests.codegen.emit.jsonschema.samples import SOURCE, package
from tests.codegen.support import descriptors
from tests.contract_layer.random_messages import Randomizer


class NoNegativeZero(Randomizer):
    """betterproto2 takes -0.0 for the default and leaves it out."""

    def _float(self, narrow: bool) -> float:
        return super()._float(narrow) + 0.0


def test_random_messages() -> None:
    pool = descriptor_pool.DescriptorPool()
    for data in descriptors(SOURCE):
        pool.AddSerializedFile(data)
    google = message_factory.GetMessageClass(pool.FindMessageTypeByName("shop.v1.All"))
    randomizer = NoNegativeZero(7, fill=0.4, special=0.0)
    for _ in range(300):
        message = randomizer.message(google)
        ours = package().All.parse(message.SerializeToString())
        assert google.FromString(bytes(ours)) == message
