/** For the arguments of one command, in bytes: Linux takes 2 MiB with the environment, of which a JVM's is large. */
const MAX_BYTES = 512 * 1024;

/** Arguments in as few commands as they fit into. */
export function inArguments(all: readonly string[]): readonly (readonly string[])[] {
  const commands: string[][] = [];
  let bytes = Infinity;
  for (const each of all) {
    const more = Buffer.byteLength(each) + 1;
    if (bytes + more > MAX_BYTES) {
      commands.push([]);
      bytes = 0;
    }
    commands.at(-1)?.push(each);
    bytes += more;
  }
  return commands;
}
