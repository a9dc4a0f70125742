/* The Prism machine for C: loads artifacts, runs them, answers their requests.
 *
 * Texts are UTF-8 and end in a zero byte; values are JSON, where a confident value is
 * {"~": [value, confidence]}. Texts that functions give stay valid until the next call with the
 * same machine, and belong to it. A machine belongs to one thread at a time; a module may be
 * shared. No function keeps a pointer that it was given. NULL is taken everywhere: functions
 * answer it with NULL or PRISM_ERROR.
 */
#ifndef PRISM_H
#define PRISM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct PrismModule PrismModule;
typedef struct PrismMachine PrismMachine;

/* What a machine may use; 0 stands for the default. */
typedef struct PrismLimits {
  uint64_t fuel;
  uint64_t memory;
  uint32_t depth;
  uint64_t requests;
} PrismLimits;

/* Why prism_run came back. */
typedef enum PrismOutcome {
  PRISM_DONE = 0,    /* prism_text is the result */
  PRISM_TRAP = 1,    /* prism_text is {"code","message","file"?,"line"?,"column"?,"data"} */
  PRISM_PERFORM = 2, /* prism_text is a list of new requests: {"id","effect","effect_id","args"} */
  PRISM_ERROR = 3    /* an argument was wrong; prism_text says which */
} PrismOutcome;

/* Verifies an artifact. NULL: it may not run; then *error, if there is room for it, is a text to
 * free with prism_text_free. */
PrismModule *prism_load(const uint8_t *bytes, size_t length, char **error);
void prism_module_free(PrismModule *module);
void prism_text_free(char *text);

/* A machine at the start of a module. `inputs` is a JSON object of the host's names; NULL: none.
 * `limits` may be NULL. NULL: the inputs are no JSON object, or exceed the limits. */
PrismMachine *prism_machine_new(const PrismModule *module, const PrismLimits *limits,
                                const char *inputs);
void prism_machine_free(PrismMachine *machine);

/* Runs until the program ends, or every fiber waits. */
PrismOutcome prism_run(PrismMachine *machine);
/* What the last call has to say; never NULL for a machine. */
const char *prism_text(const PrismMachine *machine);

/* Answers a request. 0: taken; -1: no such request waits, or `value` is no JSON. */
int prism_resume(PrismMachine *machine, uint64_t request, const char *value);
/* Answers it with an error, which is thrown where the effect was performed. */
int prism_fail(PrismMachine *machine, uint64_t request, const char *code, const char *message);

/* The lines printed since the last call, as a JSON list. */
const char *prism_output(PrismMachine *machine);
/* Requests that nobody waits for any more, as a JSON list of numbers. */
const char *prism_cancelled(PrismMachine *machine);
uint64_t prism_fuel_used(const PrismMachine *machine);

/* The machine as bytes, which belong to it until the next call; NULL once it has ended. */
const uint8_t *prism_snapshot(PrismMachine *machine, size_t *length);
/* The machine of a snapshot of the same module; NULL: the bytes are none. */
PrismMachine *prism_restore(const PrismModule *module, const uint8_t *bytes, size_t length);

#ifdef __cplusplus
}
#endif
#endif
