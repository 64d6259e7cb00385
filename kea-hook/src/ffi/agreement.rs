//! Holds our functions to the page, by the compiler: each pair must be of one type (bindgen's reading
//! of the header, and what is exported), or this file does not compile.

use super::{abi, exports};

macro_rules! agree {
    ($($name:ident ($($hole:tt),*);)*) => {
        $(const _: () = {
            let _: [unsafe extern "C" fn($($hole),*) -> _; 2] = [abi::$name, exports::$name];
        };)*
    };
}

agree! {
    offhook_log_install(_);
    offhook_load(_, _, _);
    offhook_configured(_, _, _);
    offhook_settle(_);
    offhook_library_behind(_, _, _);
    offhook_packed_before(_, _);
    offhook_free(_);
    offhook_needs(_, _);
    offhook_ready_len(_, _);
    offhook_ready_at(_, _, _, _, _);
    offhook_class_len(_, _);
    offhook_class_at(_, _, _, _);
    offhook_classes_in_use(_, _);
    offhook_admit(_, _, _);
    offhook_token_due(_, _);
    offhook_answer_for(_, _, _);
    offhook_competing(_, _, _, _);
    offhook_note_key(_, _, _);
    offhook_note_for(_, _, _);
    offhook_shim_fault(_, _, _);
    offhook_statistic_len();
    offhook_statistic_name(_, _);
    offhook_statistic_values(_, _);
    offhook_command_len();
    offhook_command_name(_, _);
    offhook_command(_, _, _, _, _);
    offhook_mistakes(_, _, _);
    offhook_text_bytes(_);
    offhook_text_free(_);
    offhook_apply(_);
    offhook_discard(_);
}
