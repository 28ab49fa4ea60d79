"""Reads Kafka topics to their end, with the interpreter of tests/support/packages.

    kafka_records.py cloudevents BROKERS TOPIC…   prints each record as CloudEvents' package decodes it,
                                                  one JSON object a line: topic, attributes, data; or
                                                  topic, error if the package refuses it
    kafka_records.py replay BROKERS TOPIC…        appends each record a second time
"""

import json
import sys

from cloudevents.core.bindings import kafka
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition

ANSWER_SECONDS = 30


def read(brokers, topics):
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "unused", "enable.auto.commit": False,
                         "enable.partition.eof": True})
    known = consumer.list_topics(timeout=ANSWER_SECONDS).topics
    places = [TopicPartition(t, p, OFFSET_BEGINNING) for t in topics for p in known[t].partitions]
    consumer.assign(places)
    left = len(places)
    while left:
        message = consumer.poll(ANSWER_SECONDS)
        if message.error() and message.error().code() == KafkaError._PARTITION_EOF:
            left -= 1
        elif message.error():
            raise KafkaException(message.error())
        else:
            yield message


def cloudevent(message):
    given = kafka.KafkaMessage(headers=dict(message.headers()), key=message.key(), value=message.value())
    try:
        event = kafka.from_binary_event(given)
    except Exception as why:  # any exception: the test decides
        return {"error": f"{type(why).__name__}: {why}"}
    attributes = {name: value if isinstance(value, str) else value.isoformat(timespec="milliseconds")
                  for name, value in event.get_attributes().items()}
    return {"attributes": attributes, "data": event.get_data()}


def replay(brokers, messages):
    producer = Producer({"bootstrap.servers": brokers})
    for each in messages:
        producer.produce(each.topic(), each.value(), each.key(), each.partition(), headers=each.headers())
    assert producer.flush(ANSWER_SECONDS) == 0


what, servers, *names = sys.argv[1:]
records = list(read(servers, names))
if what == "replay":
    replay(servers, records)
else:
    for record in records:
        print(json.dumps({"topic": record.topic(), **cloudevent(record)}))
