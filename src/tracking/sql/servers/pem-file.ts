import { readFile } from 'node:fs/promises';
import { Failure } from '../../../core/failure.ts';

/** The text of a PEM file. @throws Failure misconfigured naming who asked for it */
export async function readPem(path: string, name: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    throw new Failure(
      {
        kind: 'misconfigured',
        message: `the file ${path}, which ${name} names, cannot be read`,
        subject: path,
        hint: `check the path in ${name}`,
      },
      thrown,
    );
  }
}
