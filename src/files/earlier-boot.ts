// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname, uptime } from "node:os";

// A process from an earlier boot of this host, or from before this container was restarted, is dead. Its
// process id and pid namespace don't show that, but the boot has an id, and so has the host on most systems.

const BOOT = /^boot (\S+) of machine (\S+)$/m;
const HOST = /^process \d+ on (.+) since /;
const UNKNOWN = "-";
/** Linux reports times to programs in hundredths of a second, whatever its internal clock rate is. */
const TICKS = 100;

/** A line that identifies this boot of this host, for the file of a lock. */
export function describeBoot(): string {
  return `boot ${bootId()} of machine ${machineId()}`;
}

/**
 * Whether the writer of a text that contains {@link describeBoot}, or that an earlier version wrote without
 * it, ran before this host or container was started. This is certain where host and boot have ids. Otherwise
 * it is true if a host of the same name wrote the text, the file was last touched before the start, and it
 * has not been touched for `silence` milliseconds, within which a living writer would have touched it again.
 */
export function isOfEarlierBoot(text: string, touchedMs: number, silence: number): boolean {
  const [, boot, machine] = BOOT.exec(text) ?? [];
  const isHere = machine !== undefined && machine !== UNKNOWN && machine === machineId();
  if (isHere && boot !== UNKNOWN && boot !== bootId()) return true;
  if (HOST.exec(text)?.[1] !== hostname()) return false;
  return touchedMs < startedMs() && Date.now() - touchedMs > silence;
}

function bootId(): string {
  return firstLine("/proc/sys/kernel/random/boot_id") ?? UNKNOWN;
}

/** The id is hashed, because machine-id(5) asks programs not to show it to others. */
function machineId(): string {
  const id = firstLine("/etc/machine-id");
  if (id === undefined || id === "") return UNKNOWN;
  return createHash("sha256").update(`oci-kit\0${id}`).digest("hex").slice(0, 16);
}

/** When this host was started; in a container, when the container was started. */
function startedMs(): number {
  const up = uptime();
  const first = firstLine("/proc/1/stat");
  const ticks = Number(first?.slice(first.lastIndexOf(")") + 2).split(" ")[19] ?? 0);
  return Date.now() - up * 1000 + (ticks * 1000) / TICKS;
}

function firstLine(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1").split("\n", 1)[0];
  } catch {
    return undefined;
  }
}
