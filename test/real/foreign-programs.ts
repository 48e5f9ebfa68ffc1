// SPDX-License-Identifier: MIT
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { execute } from "../interop/peers.ts";

const BINFMT = "/proc/sys/fs/binfmt_misc";
const ELF_MASK =
  "\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff";

/** The start of the ELF header of a little-endian 64-bit program for a machine, escaped for binfmt_misc. */
function magic(machine: string): string {
  return `\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00${machine}`;
}

const MACHINES = {
  riscv64: { qemu: "/usr/bin/qemu-riscv64-static", magic: magic("\\xf3\\x00") },
  arm64: { qemu: "/usr/bin/qemu-aarch64-static", magic: magic("\\xb7\\x00") },
} as const;

export type ForeignArchitecture = keyof typeof MACHINES;

/**
 * Lets the kernel run programs of an architecture under qemu-user. It works in a chroot too, because the
 * interpreter is opened when it is registered (flag F). False where binfmt_misc is not available.
 */
export async function registerForeign(architecture: ForeignArchitecture): Promise<boolean> {
  const name = `oci-kit-test-${architecture}`;
  const { qemu, magic: header } = MACHINES[architecture];
  try {
    if (!existsSync(`${BINFMT}/register`)) {
      await execute("mount", ["-t", "binfmt_misc", "binfmt_misc", BINFMT]);
    }
    if (!existsSync(`${BINFMT}/${name}`)) {
      writeFileSync(`${BINFMT}/register`, `:${name}:M::${header}:${ELF_MASK}:${qemu}:F`);
    }
    return readFileSync(`${BINFMT}/${name}`, "utf8").startsWith("enabled");
  } catch {
    return false;
  }
}

/**
 * Runs a compiler of a foreign root. Where `registered`, in a chroot; otherwise qemu-user runs its ELF (a
 * wrapper's `<name>.real`) with the root as its library prefix. Prints on the console which way was used.
 */
export async function runForeign(
  root: string,
  architecture: ForeignArchitecture,
  program: { readonly path: string; readonly elf: string },
  words: readonly string[],
  registered: boolean,
): Promise<string> {
  if (registered) {
    console.log(`${architecture}: ${program.path} in a chroot, by binfmt_misc`);
    return execute("chroot", [root, program.path, ...words]);
  }
  console.log(`${architecture}: ${program.elf} by qemu-user itself, no binfmt_misc here`);
  return execute(MACHINES[architecture].qemu, ["-L", root, `${root}${program.elf}`, ...words]);
}
