// SPDX-License-Identifier: MIT

/** A BuildKit that answers, and the program that drives it. Made by `findBuilder`. */
export interface Builder {
  /** `buildx` is a plugin of docker. Where nerdctl is used, its own `buildctl` is driven. */
  readonly kind: "buildx" | "buildctl";
  /** The program, as an absolute path. */
  readonly program: string;
  /** buildx: the builder's name. buildctl: the address of its buildkitd. Undefined for the program's default. */
  readonly name: string | undefined;
  /**
   * What builds, in words that change when another version does: for the key of a stage's inputs. The name is no
   * part of it, so that two machines with the same versions agree.
   */
  readonly identity: string;
  /** Whether it caps the memory and the processors of what a build runs; one that can't would only not say so. */
  readonly caps: boolean;
  /** What it says that it can run, such as `linux/riscv64`. */
  readonly platforms: readonly string[];
}
