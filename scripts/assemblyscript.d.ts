// SPDX-License-Identifier: MIT

/** What is used of AssemblyScript's compiler. Its own declarations would change the types of arrays for all files. */
export function main(
  args: readonly string[],
  options: {
    readonly stderr: { readonly write: (text: string | Uint8Array) => void };
    readonly writeFile: (name: string, contents: string | Uint8Array) => void;
  },
): Promise<{ readonly error: Error | null }>;
