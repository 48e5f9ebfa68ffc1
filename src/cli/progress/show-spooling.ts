// SPDX-License-Identifier: MIT
import type { SpoolProgress } from "../../files/seekable-file.ts";
import type { Session } from "../command.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";

/** Says how many bytes of an input that can't be read in place are kept on disk meanwhile, and where. */
export function showSpooling({
  progress,
  warn,
}: Pick<Session, "progress" | "warn">): (event: SpoolProgress) => void {
  return (event) => {
    const room = `${formatBytes(event.bytes)} in ${event.directory} until the command ends`;
    if (event.kind === "spooling") progress.show(`keeping ${room}`, event);
    else warn(`kept ${room}`);
  };
}
