//! The numbers that a piece of machine code compares something with.
//!
//! Kea compares what `version()` returns with a constant, in `LibraryManager::checkVersion()`: one
//! compare instruction with the constant as its operand. The instructions are decoded one by one, so
//! that bytes inside of another instruction are not taken for one.

use iced_x86::{Decoder, DecoderOptions, Mnemonic, OpKind};

/// For the processor that this is compiled for; none for others than x86-64 and AArch64.
pub(crate) fn numbers(code: &[u8]) -> Vec<u32> {
    if cfg!(target_arch = "x86_64") {
        on_x86_64(code)
    } else if cfg!(target_arch = "aarch64") {
        on_aarch64(code)
    } else {
        Vec::new()
    }
}

fn on_x86_64(code: &[u8]) -> Vec<u32> {
    let mut found = Vec::new();
    for instruction in Decoder::new(64, code, DecoderOptions::NONE) {
        if instruction.is_invalid() {
            break;
        }
        let compares = instruction.mnemonic() == Mnemonic::Cmp && instruction.op_count() == 2;
        if compares && instruction.op1_kind() == OpKind::Immediate32 {
            found.push(instruction.immediate32());
        }
    }
    found
}

/// Kea's number does not fit into a compare instruction of AArch64, so compilers put it into a register
/// (`mov w1, #20200`) and compare with that. A register is forgotten when anything else writes to it.
fn on_aarch64(code: &[u8]) -> Vec<u32> {
    let mut registers: [Option<u32>; 32] = [None; 32];
    let mut found = Vec::new();
    for word in code.chunks_exact(4) {
        let Ok(bytes) = word.try_into() else { break };
        let word = u32::from_le_bytes(bytes);
        let field = |lowest: u32| ((word >> lowest) & 31) as usize;
        let immediate = (word >> 5) & 0xffff;
        let shift = ((word >> 21) & 3) * 16;
        match word {
            // MOVZ, of 32 and of 64 bits.
            _ if word & 0x7f80_0000 == 0x5280_0000 => {
                registers[field(0)] = (shift < 32).then(|| immediate << shift);
            }
            // MOVK: the other half of a register.
            _ if word & 0x7f80_0000 == 0x7280_0000 => {
                let kept = registers[field(0)].filter(|_| shift < 32);
                registers[field(0)] =
                    kept.map(|kept| kept & !(0xffff << shift) | (immediate << shift));
            }
            // CMP of two registers (SUBS to the zero register, not shifted).
            _ if word & 0x7fe0_fc1f == 0x6b00_001f => {
                found.extend(registers[field(5)]);
                found.extend(registers[field(16)]);
            }
            // CMP with 12 bits, shifted by 12 or not.
            _ if word & 0x7f80_001f == 0x7100_001f => {
                let value = (word >> 10) & 0xfff;
                found.push(if word & 0x0040_0000 == 0 { value } else { value << 12 });
            }
            // BL and BLR: the called function may write to these.
            _ if word & 0xfc00_0000 == 0x9400_0000 || word & 0xffff_fc1f == 0xd63f_0000 => {
                registers[..19].fill(None);
            }
            // Branches write to none.
            _ if word & 0x7c00_0000 == 0x1400_0000 || word & 0xff00_0010 == 0x5400_0000 => {}
            _ if word & 0x7e00_0000 == 0x3400_0000 || word & 0x7e00_0000 == 0x3600_0000 => {}
            // Most instructions write to the register in the lowest bits, and a load of two to one more.
            _ => {
                registers[field(0)] = None;
                registers[field(10)] = None;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_is_found_on_x86_64_but_not_inside_of_another_instruction() {
        // cmp $0x4ee8,%eax; cmp $0x7533,%ebx; cmpl $0x7534,0x8(%rsp)
        assert_eq!(on_x86_64(&[0x3d, 0xe8, 0x4e, 0, 0]), [20_200]);
        assert_eq!(on_x86_64(&[0x81, 0xfb, 0x33, 0x75, 0, 0]), [30_003]);
        assert_eq!(on_x86_64(&[0x81, 0x7c, 0x24, 8, 0x34, 0x75, 0, 0]), [30_004]);
        // movabs $0x4ee83d90,%rax: the bytes of a compare are its operand.
        assert!(on_x86_64(&[0x48, 0xb8, 0x90, 0x3d, 0xe8, 0x4e, 0, 0, 0, 0]).is_empty());
        // mov $0x4ee8,%eax; add $0x4ee8,%eax: no compare.
        assert!(on_x86_64(&[0xb8, 0xe8, 0x4e, 0, 0, 0x05, 0xe8, 0x4e, 0, 0]).is_empty());
        // After bytes that are not an instruction nothing is believed.
        assert!(on_x86_64(&[0x06, 0x3d, 0xe8, 0x4e, 0, 0]).is_empty());
        assert!(on_x86_64(&[]).is_empty());
    }

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    const MOV_W1_20200: u32 = 0x5289_dd01;
    const CMP_W0_W1: u32 = 0x6b01_001f;

    #[test]
    fn a_constant_is_found_on_aarch64() {
        assert_eq!(on_aarch64(&words(&[MOV_W1_20200, CMP_W0_W1])), [20_200]);
        // mov w19, #30004; bl; cmp w0, w19: a called function leaves w19 alone.
        assert_eq!(on_aarch64(&words(&[0x528e_a693, 0x9400_0010, 0x6b13_001f])), [30_004]);
        // mov w1, #0x1170; movk w1, #1, lsl 16; cmp w0, w1
        assert_eq!(on_aarch64(&words(&[0x5282_2e01, 0x72a0_0021, CMP_W0_W1])), [70_000]);
        // cmp w0, #0x7
        assert_eq!(on_aarch64(&words(&[0x7100_1c1f])), [7]);
    }

    #[test]
    fn a_register_that_was_written_to_since_is_forgotten_on_aarch64() {
        // bl between; ldr w1, [sp, #12] between.
        assert!(on_aarch64(&words(&[MOV_W1_20200, 0x9400_0010, CMP_W0_W1])).is_empty());
        assert!(on_aarch64(&words(&[MOV_W1_20200, 0xb940_0fe1, CMP_W0_W1])).is_empty());
    }
}
