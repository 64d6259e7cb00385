/* The whole contract between the shim (C++, Kea's language) and the engine (Rust).
 *
 * The shim calls, the engine answers. The only calls back are those of the log (offhook_log), on the
 * packet path too. Rules that hold throughout:
 *   - offhook_bytes is borrowed for the call: the callee keeps no pointer into it.
 *   - A pointer named ..._out is written only if the function returns OFFHOOK_OK.
 *   - No function throws, unwinds or aborts; a fault inside is counted, logged once, and returns
 *     OFFHOOK_FAULTED, which always means: leave the packet, the lease, the policy as they were.
 *   - IPv4 addresses are numbers in host order, 0 where there is none.
 *   - Packet functions (admit, token_due, answer, competing, note) may be called from any number of threads at
 *     once; all others by one thread at a time, and apply and free while no packet function runs.
 * Rust's side is held to this page by the compiler (kea-hook/src/ffi/agreement.rs).
 */
#ifndef OFFHOOK_ABI_H
#define OFFHOOK_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that belong to the caller. ptr may be NULL where len is 0. */
typedef struct {
    const uint8_t* ptr;
    size_t len;
} offhook_bytes;

/* What a function returns. */
#define OFFHOOK_OK 0      /* done; the ..._out is written                                    */
#define OFFHOOK_NOTHING 1 /* nothing to do for this packet; the ..._out is untouched         */
#define OFFHOOK_REFUSED 2 /* the input is wrong; every mistake has been logged               */
#define OFFHOOK_FAULTED 3 /* a fault in offhook, counted and logged                           */

/* ---- Log: the engine's lines leave through the host's logger ------------------------------- */

/* Levels, as in tracing. */
#define OFFHOOK_LOG_ERROR 0
#define OFFHOOK_LOG_WARN 1
#define OFFHOOK_LOG_INFO 2
#define OFFHOOK_LOG_DEBUG 3

/* Both functions must not throw, and are called on the thread that logs. */
typedef struct {
    /* Whether a line of this level would be written: asked before anything is formatted. */
    uint8_t (*enabled)(int32_t level);
    /* Writes one line. id is one of the message ids of shim/messages.cc. */
    void (*write)(int32_t level, offhook_bytes id, offhook_bytes text);
} offhook_log;

/* Sends the engine's lines to this sink from now on. It may be called again; NULL ends logging. The
 * structure must outlive its use: the shim passes a static one. */
void offhook_log_install(const offhook_log* sink);

/* ---- Life: one handle, born in load, dead in unload ---------------------------------------- */

typedef struct offhook_handle offhook_handle; /* made by offhook_load, ended by offhook_free */

/* What the engine must know about its host. */
typedef struct {
    uint32_t hooks_version;  /* KEA_HOOKS_VERSION, e.g. 20200                                   */
    uint32_t longest_option; /* most bytes that this release can put in one option; 0: any      */
    uint8_t check_only;      /* 1: Kea only checks its configuration, nothing is to be written  */
} offhook_host;

/* Reads the hook's parameters (the JSON object of "parameters") and the policy that they name. A mistake
 * is logged, and the handle goes on with what was in force before offhook_free in the same process, or
 * with no policy at all. OFFHOOK_REFUSED: there is a mistake, nothing was in force, and Kea only checks its
 * configuration or the parameter "on-mistake" is "refuse". */
int32_t offhook_load(offhook_bytes parameters, const offhook_host* host, offhook_handle** handle_out);

/* Kea's configuration is whole. lease_file: as the configuration names it, empty if it names none. If
 * *apply_out is 1, the copy of the last good policy is prepared, as by offhook_command. */
int32_t offhook_configured(const offhook_handle* handle, offhook_bytes lease_file, uint8_t* apply_out);

/* To be called after offhook_apply, and after offhook_configured where there was nothing to apply, while
 * packets may be answered: keeps a copy of the policy in force, or logs what is wrong. */
void offhook_settle(const offhook_handle* handle);

/* Libraries that Kea calls after this one, and that may change the options that it sends; name is without
 * "libdhcp_" and ".so". codes: the options that the library's parameters name, none if that is unknown. Each
 * is logged, and shown by phone-status-get. */
void offhook_library_behind(const offhook_handle* handle, offhook_bytes name, offhook_bytes codes);

/* Ends the handle and everything borrowed from it; keeps what the next offhook_load may need. NULL is
 * fine. */
void offhook_free(offhook_handle* handle);

/* ---- What a policy fixes: values and names that the shim turns into Kea's objects once ----- */

#define OFFHOOK_IN_FORCE 0 /* the policy that packets are answered by                         */
#define OFFHOOK_PREPARED 1 /* the one that offhook_command has made ready for offhook_apply   */

/* What the shim must hand over with a packet; requesting less makes packets cheaper. */
#define OFFHOOK_NEEDS_CLASSES 1u           /* offhook_packet.classes at answer and note          */
#define OFFHOOK_NEEDS_INTERFACE_ADDRESS 2u /* offhook_packet.interface_address at admit          */
#define OFFHOOK_NEEDS_LEASE_NOTES 4u       /* offhook_note, for annotate-leases                  */
#define OFFHOOK_NEEDS_ADMISSION 8u         /* offhook_admit for every packet, whether or not */
                                           /* the client classes                                 */
#define OFFHOOK_NEEDS_STATISTICS 16u       /* the counters among Kea's statistics                */
#define OFFHOOK_NEEDS_PROOF 32u            /* offhook_token_due before offhook_answer_for        */
#define OFFHOOK_NEEDS_SIGNS 64u            /* offhook_packet.before and subnet, where a lease is */
                                           /* noted and where a token is due                     */

uint32_t offhook_needs(const offhook_handle* handle, uint32_t which);

/* The option values that never change, addressed by index in offhook_edit. Borrowed from the handle
 * until the next apply or free. */
uint32_t offhook_ready_len(const offhook_handle* handle, uint32_t which);
int32_t offhook_ready_at(const offhook_handle* handle, uint32_t which, uint32_t index, uint8_t* code_out,
                         offhook_bytes* value_out);

/* The client classes, addressed by offhook_admission.vendor_class. Index 0 is the class of every
 * phone, the last that of phones of unknown makers, the others are one vendor's. Borrowed until the next apply or free. */
uint32_t offhook_class_len(const offhook_handle* handle, uint32_t which);
int32_t offhook_class_at(const offhook_handle* handle, uint32_t which, uint32_t index,
                         offhook_bytes* name_out);

/* Whether clients are put into these classes from now on: for the log and phone-status-get. */
void offhook_classes_in_use(const offhook_handle* handle, uint8_t in_use);

/* ---- Packets ------------------------------------------------------------------------------- */

/* A client's packet and what it does not say itself. */
typedef struct {
    offhook_bytes wire;           /* as it was received, from the BOOTP header on           */
    offhook_bytes interface;      /* the receiving interface's name                         */
    uint32_t interface_address;   /* its address, if needed                                 */
    uint32_t leased;              /* the address in the answer or the lease; 0 before       */
    const offhook_bytes* classes; /* the client's classes in the server, if needed          */
    size_t classes_len;
    uint8_t reply;               /* option 53 of the answer (2 OFFER, 5 ACK); 0 before     */
    uint64_t now;                /* seconds since 1970, at answer and note                 */
    uint32_t proof;              /* OFFHOOK_PROOF_..., if a token is due                   */
    uint32_t subnet;             /* the server's number of the lease's subnet; 0: unknown  */
    const offhook_bytes* before; /* what the leases of this hardware address keep as       */
    size_t before_len;           /* "token" in our notes, as JSON, if needed               */
} offhook_packet;

#define OFFHOOK_PROOF_LEASE 1u           /* ciaddr is leased to this hardware address             */
#define OFFHOOK_PROOF_RELAY_IS_CLIENT 2u /* giaddr is itself leased to a client                   */
#define OFFHOOK_PROOF_UNKNOWN 4u         /* the leases could not be looked up: no token           */

/* What to do with a packet that has just come in. */
typedef struct {
    uint32_t vendor_class; /* index of the vendor's client class; 0: this is not a phone         */
    uint8_t drop;          /* 1: the policy answers phones only, and this is none              */
    uint8_t unlisted;      /* 1: perhaps a phone of an unknown maker: not the class of every phone */
} offhook_admission;

/* At buffer4_receive, if the configuration uses the classes, or OFFHOOK_NEEDS_ADMISSION. OFFHOOK_NOTHING:
 * neither a phone nor to be dropped. */
int32_t offhook_admit(const offhook_handle* handle, const offhook_packet* packet,
                      offhook_admission* admission_out);

#define OFFHOOK_SET 0           /* this value and no other                                    */
#define OFFHOOK_SET_IF_ABSENT 1 /* this value, unless the server already put one in           */
#define OFFHOOK_REMOVE 2        /* none at all                                                */

#define OFFHOOK_READY UINT32_MAX /* offhook_edit.at: the value is the ready one at index `len` */

/* One change to the answer's options. */
typedef struct {
    uint32_t at;  /* where the value begins in the answer's store, or OFFHOOK_READY           */
    uint32_t len; /* its length in bytes, or its index among the ready values                 */
    uint8_t code;
    uint8_t action;
} offhook_edit;

#define OFFHOOK_MOST_EDITS 64   /* a policy with more for one phone is cut off, and a fault    */
#define OFFHOOK_STORE 4096      /* bytes; an answer has at most about 1400                     */
#define OFFHOOK_MOST_WATCHED 16 /* more options than that no phone takes for one of offhook's */

#define OFFHOOK_HEADER_NEXT_SERVER 1u
#define OFFHOOK_HEADER_SERVER_HOSTNAME 2u
#define OFFHOOK_HEADER_BOOT_FILE_NAME 4u

/* The changes to one answer. The shim gives the room (it need not be cleared), the engine fills it;
 * nothing in it points anywhere. */
typedef struct {
    uint32_t edits_len;
    uint32_t store_len;
    uint32_t watched_len;
    uint32_t header;      /* which of the fields below are to be set (OFFHOOK_HEADER_...)   */
    uint32_t next_server; /* siaddr                                                         */
    uint32_t server_hostname_at, server_hostname_len; /* sname: a piece of the store           */
    uint32_t boot_file_name_at, boot_file_name_len;   /* file: a piece of the store            */
    uint8_t watched[OFFHOOK_MOST_WATCHED];            /* options to be reported by offhook_competing       */
    offhook_edit edits[OFFHOOK_MOST_EDITS];
    uint8_t store[OFFHOOK_STORE];
} offhook_answer;

/* Whether the answer would carry a token if the server's leases allow it: only then the shim looks them
 * up. At pkt4_send with OFFHOOK_NEEDS_PROOF, before offhook_answer_for. OFFHOOK_NOTHING: there is nothing
 * to prove. */
int32_t offhook_token_due(const offhook_handle* handle, const offhook_packet* packet);

/* At pkt4_send, for an OFFER or ACK. OFFHOOK_NOTHING: the answer stays as it is. */
int32_t offhook_answer_for(const offhook_handle* handle, const offhook_packet* packet,
                           offhook_answer* answer_out);

/* The answer has one of the options in offhook_answer.watched, put there by the server: the phone may
 * follow that instead of offhook's. It stays; the engine reports it once. value is the option's content. */
void offhook_competing(const offhook_handle* handle, const offhook_packet* packet, uint8_t code,
                       offhook_bytes value);

/* An answer to a phone had been packed by another library before pkt4_send came here: too late to change
 * it. Logged once. */
void offhook_packed_before(const offhook_handle* handle, const offhook_packet* packet);

/* What is noted about a phone in its lease. Few phones of a fleet differ in it, so the shim requests a
 * key first, and for the note only if it does not have that key's note yet. */

/* At lease4_select and lease4_renew. Equal keys mean equal notes, as long as the handle lives.
 * OFFHOOK_NOTHING: this is not a phone. */
int32_t offhook_note_key(const offhook_handle* handle, const offhook_packet* packet, uint64_t* key_out);

#define OFFHOOK_NOTE_STORE 4096

/* A JSON object. */
typedef struct {
    uint32_t len;
    uint8_t text[OFFHOOK_NOTE_STORE];
} offhook_lease_note;

int32_t offhook_note_for(const offhook_handle* handle, const offhook_packet* packet,
                         offhook_lease_note* note_out);

/* The shim could not do what was requested and left the packet alone: counts and logs it. */
void offhook_shim_fault(const offhook_handle* handle, offhook_bytes callout, offhook_bytes what);

/* ---- Statistics ------------------------------------------------------------------------------ */

/* Names and values since load, index 0 up to offhook_statistic_len() - 1. Names are static. */
uint32_t offhook_statistic_len(void);
int32_t offhook_statistic_name(uint32_t index, offhook_bytes* name_out);
/* Writes all values (offhook_statistic_len of them) at once. */
void offhook_statistic_values(const offhook_handle* handle, uint64_t* values_out);

/* ---- Commands -------------------------------------------------------------------------------- */

uint32_t offhook_command_len(void);
/* The name of a command, without trailing NUL; static. */
int32_t offhook_command_name(uint32_t index, offhook_bytes* name_out);

typedef struct offhook_text offhook_text; /* made by offhook_command, ended by offhook_text_free */

/* Runs a command; the answer is Kea's: {"result": ..., "text": ..., "arguments": ...}, in UTF-8. If
 * *apply_out is 1, a new policy is prepared: the shim builds its objects from OFFHOOK_PREPARED and
 * then calls offhook_apply inside Kea's critical section, or offhook_discard. */
int32_t offhook_command(const offhook_handle* handle, offhook_bytes name, offhook_bytes arguments,
                        offhook_text** text_out, uint8_t* apply_out);
/* What offhook_load would say is wrong with these parameters. OFFHOOK_NOTHING: nothing. OFFHOOK_OK: the text
 * has every mistake. Nothing is changed or logged. */
int32_t offhook_mistakes(const offhook_handle* handle, offhook_bytes parameters, offhook_text** text_out);
offhook_bytes offhook_text_bytes(const offhook_text* text); /* borrowed from the text */
void offhook_text_free(offhook_text* text);                 /* NULL is fine           */

/* Puts the prepared policy in force. To be called while no packet is being answered. */
int32_t offhook_apply(const offhook_handle* handle);
/* Forgets the prepared policy. */
void offhook_discard(const offhook_handle* handle);

#ifdef __cplusplus
}
#endif

#endif
