// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname, uptime } from "node:os";

// A process of an earlier boot of this host, or of an earlier life of this container, is dead, but neither
// its number nor its pid namespace tells so. The boot has an id; the host has one, too, on most systems.

const BOOT = /^boot (\S+) of machine (\S+)$/m;
const HOST = /^process \d+ on (.+) since /;
const UNKNOWN = "-";
/** Linux tells times in hundredths of a second, whatever its own clock is. */
const TICKS = 100;

/** A line for a file that says who works: which boot of which host this is. */
export function describeBoot(): string {
  return `boot ${bootId()} of machine ${machineId()}`;
}

/**
 * Whether who wrote a text of {@link describeBoot}, or of an earlier version without it, ran before this
 * host or container was started: for sure where host and boot have ids; else when a host of the same name
 * touched it last before then, and for so long as `silence`, in milliseconds, that it would have again.
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

/** Hashed, as machine-id(5) asks of who shows it to others. */
function machineId(): string {
  const id = firstLine("/etc/machine-id");
  if (id === undefined || id === "") return UNKNOWN;
  return createHash("sha256").update(`oci-kit\0${id}`).digest("hex").slice(0, 16);
}

/** When this host was started; in a container, when that was. */
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
