/* A host in C: runs an artifact, goes through a snapshot while it waits, and answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prism.h"

static int failures = 0;

static void expect(int holds, const char *what) {
  if (!holds) {
    printf("does not hold: %s\n", what);
    failures++;
  }
}

static uint8_t *read_file(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  if (!file) exit(2);
  fseek(file, 0, SEEK_END);
  *length = (size_t)ftell(file);
  rewind(file);
  uint8_t *bytes = malloc(*length);
  if (fread(bytes, 1, *length, file) != *length) exit(2);
  fclose(file);
  return bytes;
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  size_t length;
  uint8_t *bytes = read_file(argv[1], &length);
  PrismModule *module = prism_load(bytes, length, NULL);
  expect(module != NULL, "the artifact is loaded");

  /* What is no artifact is refused with a reason. */
  char *error = NULL;
  bytes[length - 1] ^= 1;
  expect(prism_load(bytes, length, &error) == NULL && error != NULL, "a damaged one is refused");
  prism_text_free(error);
  free(bytes);

  /* It asks, and goes on from a snapshot. */
  PrismMachine *machine = prism_machine_new(module, NULL, "{\"input\": 20}");
  expect(prism_run(machine) == PRISM_PERFORM, "it asks");
  expect(strstr(prism_text(machine), "\"effect\":\"llm\"") != NULL, "it asks a model");
  expect(strstr(prism_text(machine), "\"args\":[20]") != NULL, "with its input");
  expect(strcmp(prism_output(machine), "[\"before\"]") == 0, "it has printed");
  size_t size = 0;
  const uint8_t *snapshot = prism_snapshot(machine, &size);
  expect(snapshot != NULL && size > 72, "a machine that waits has a snapshot");
  PrismMachine *copy = prism_restore(module, snapshot, size);
  expect(copy != NULL, "the snapshot makes a machine");
  expect(prism_restore(module, snapshot, size - 1) == NULL, "half of it does not");
  expect(prism_resume(copy, 7, "1") == -1, "nobody waits for request 7");
  expect(prism_resume(copy, 0, "no JSON") == -1, "an answer is JSON");
  expect(prism_resume(copy, 0, "{\"~\": [2, 0.5]}") == 0, "the answer is taken");
  expect(prism_run(copy) == PRISM_DONE, "it ends");
  expect(strcmp(prism_text(copy), "{\"~\":[22,0.5]}") == 0, "the result is as sure as the answer");
  expect(prism_snapshot(copy, &size) == NULL, "it has ended");

  /* The first machine gets an error instead. */
  expect(prism_fail(machine, 0, "E1", "no luck") == 0, "an error is an answer");
  expect(prism_run(machine) == PRISM_TRAP, "nobody catches it");
  expect(strstr(prism_text(machine), "no luck") != NULL, "the trap says what was thrown");
  expect(prism_fuel_used(machine) == prism_fuel_used(machine), "fuel is counted");
  prism_machine_free(machine);
  prism_machine_free(copy);

  /* Limits hold, and null pointers are no danger. */
  PrismLimits limits = {0, 0, 0, 0};
  limits.memory = 1;
  expect(prism_machine_new(module, &limits, "{\"input\": \"text\"}") == NULL, "no room for the input");
  expect(prism_machine_new(module, NULL, "[]") == NULL, "inputs are an object");
  expect(prism_machine_new(NULL, NULL, NULL) == NULL, "no module, no machine");
  expect(prism_run(NULL) == PRISM_ERROR && prism_text(NULL) == NULL, "no machine, no outcome");
  prism_machine_free(NULL);
  prism_module_free(module);
  printf(failures ? "failed\n" : "all hold\n");
  return failures != 0;
}
