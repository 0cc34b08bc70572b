"""The codec on classes the generator wrote: our own events, against json_format."""

from __future__ import annotations

import importlib
import random
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from iii_bridge.contract.protojson import codec_for
from iii_bridge.contract.registry import file_of, full_name_of
from iii_bridge.v1 import events_pb
from tests.contract_layer.random_messages import Randomizer
from tests.contract_layer.test_protojson import check_the_paths_agree, google_json, google_parse, same

MESSAGES = [getattr(events_pb, name) for name in events_pb.__all__]


def reference(cls: type) -> Any:
    """Google's class of the same contract."""
    pool = descriptor_pool.DescriptorPool()
    file = descriptor_pb2.FileDescriptorProto.FromString(file_of(cls).descriptor)
    for dependency in file.dependency:
        module = importlib.import_module(dependency.removesuffix(".proto").replace("/", ".") + "_pb2")
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(full_name_of(cls)))


@pytest.mark.parametrize("cls", MESSAGES, ids=lambda cls: cls.__name__)
def test_generated_messages_agree_with_the_reference(cls: type[Any]) -> None:
    theirs = reference(cls)
    codec = codec_for(cls)
    randomizer = Randomizer(1, fill=0.7)
    chance = random.Random(1)
    for _ in range(40):
        expected = randomizer.message(theirs)
        message = codec.decode(google_json(expected, chance))
        printed = codec.encode(message)
        assert same(google_parse(theirs(), printed), expected)
        assert check_the_paths_agree(codec, message, printed)
        assert cls.parse(bytes(message)) == message
