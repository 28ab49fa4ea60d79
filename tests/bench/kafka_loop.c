/* A million records through librdkafka in a plain loop in C: no coroutines, no events.
 *
 * kafka_loop produce|consume BROKERS TOPIC RECORDS
 *
 * Records have an 8-byte key and 512 bytes. The properties that affect speed or guarantees equal
 * those of queue/kafka. Prints one JSON object. */
#include <librdkafka/rdkafka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { value_bytes = 512, key_bytes = 8, longest_wait_s = 120 };

static long delivered;
static long failed;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void set(rd_kafka_conf_t* conf, const char* name, const char* value) {
  char why[512];
  if (rd_kafka_conf_set(conf, name, value, why, sizeof why) == RD_KAFKA_CONF_OK) return;
  fprintf(stderr, "%s: %s\n", name, why);
  exit(1);
}

static rd_kafka_t* make(rd_kafka_type_t type, rd_kafka_conf_t* conf) {
  char why[512];
  rd_kafka_t* out = rd_kafka_new(type, conf, why, sizeof why);
  if (out != NULL) return out;
  fprintf(stderr, "%s\n", why);
  exit(1);
}

static void report(rd_kafka_t* rk, const rd_kafka_message_t* message, void* opaque) {
  (void)rk;
  (void)opaque;
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && failed++ == 0) {
    fprintf(stderr, "%s\n", rd_kafka_err2str(message->err));
  }
  ++delivered;
}

static void produce(rd_kafka_conf_t* conf, const char* topic, long records) {
  set(conf, "enable.idempotence", "true");
  set(conf, "acks", "all");
  set(conf, "linger.ms", "1");
  set(conf, "queue.buffering.max.messages", "2147483647");
  set(conf, "queue.buffering.max.kbytes", "65536");
  rd_kafka_conf_set_dr_msg_cb(conf, report);
  rd_kafka_t* rk = make(RD_KAFKA_PRODUCER, conf);
  rd_kafka_topic_t* rkt = rd_kafka_topic_new(rk, topic, NULL);
  char value[value_bytes];
  memset(value, 'v', sizeof value);
  double begun = now();
  for (long i = 0; i < records; ++i) {
    char key[24];
    snprintf(key, sizeof key, "%08ld", i);
    int partition = (int)(i % 4);
    while (rd_kafka_produce(rkt, partition, RD_KAFKA_MSG_F_COPY, value, sizeof value, key,
                            key_bytes, NULL) != 0) {
      rd_kafka_poll(rk, 1); /* its queue is full */
    }
    if (i % 64 == 0) rd_kafka_poll(rk, 0);
  }
  while (delivered < records && now() - begun < longest_wait_s)
    rd_kafka_poll(rk, 100);
  printf("{\"seconds\": %.6f, \"records\": %ld, \"failed\": %ld}\n", now() - begun, delivered,
         failed);
  fflush(stdout);
  rd_kafka_topic_destroy(rkt);
  rd_kafka_destroy(rk);
}

static void consume(rd_kafka_conf_t* conf, const char* topic, long records) {
  char group[64];
  snprintf(group, sizeof group, "loop-%d", (int)getpid());
  set(conf, "group.id", group);
  set(conf, "enable.auto.commit", "false");
  set(conf, "enable.auto.offset.store", "false");
  set(conf, "auto.offset.reset", "earliest");
  set(conf, "queued.max.messages.kbytes", "16384");
  rd_kafka_t* rk = make(RD_KAFKA_CONSUMER, conf);
  rd_kafka_poll_set_consumer(rk);
  rd_kafka_topic_partition_list_t* topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, topic, RD_KAFKA_PARTITION_UA);
  rd_kafka_subscribe(rk, topics);
  long got = 0;
  long bytes = 0;
  double begun = 0;
  double started = now();
  while (got < records && now() - started < longest_wait_s) {
    rd_kafka_message_t* message = rd_kafka_consumer_poll(rk, 100);
    if (message == NULL) continue;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (got == 0) begun = now(); /* does not measure the join of the group */
      ++got;
      bytes += (long)message->len;
    }
    rd_kafka_message_destroy(message);
  }
  printf("{\"seconds\": %.6f, \"records\": %ld, \"failed\": %ld}\n", now() - begun, got,
         bytes == got * value_bytes ? 0L : 1L);
  fflush(stdout);
  rd_kafka_consumer_close(rk);
  rd_kafka_topic_partition_list_destroy(topics);
  rd_kafka_destroy(rk);
}

int main(int argc, char** argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: kafka_loop produce|consume BROKERS TOPIC RECORDS\n");
    return 64;
  }
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", argv[2]);
  set(conf, "socket.nagle.disable", "true");
  set(conf, "message.max.bytes", "937984"); /* the topic's limit for a batch */
  long records = strtol(argv[4], NULL, 10);
  if (strcmp(argv[1], "produce") == 0) {
    produce(conf, argv[3], records);
  } else {
    consume(conf, argv[3], records);
  }
  return 0;
}
