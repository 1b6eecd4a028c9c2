import { describe, expect, it } from 'vitest';
import { readEnvFile } from '../../../src/config/env-file.ts';
import { failureOf, makeWorkspace } from './workspace.ts';

const FILE = `A=1
export B="two words" # c
D=\${A}/x
F=a#b
G=a #b
SET=new
EMPTY=new
P=\${SET}
`;

describe('--env-file', () => {
  it('reads statements, expands variables, and what is set already wins', async () => {
    const space = await makeWorkspace();
    for (const content of [FILE, FILE.replaceAll('\n', '\r\n')]) {
      const path = await space.write('file.env', content);
      expect(await readEnvFile(path, { SET: 'old', EMPTY: '' })).toEqual({
        A: '1',
        B: 'two words',
        D: '1/x',
        F: 'a#b',
        G: 'a',
        SET: 'old',
        EMPTY: '',
        P: 'old',
      });
    }
  });

  it('says which line is no statement', async () => {
    const space = await makeWorkspace();
    const path = await space.write('file.env', 'A=1\n# c\nB="open\n');
    expect(await failureOf(() => readEnvFile(path, {}))).toMatchObject({
      facts: { kind: 'misconfigured', subject: `${path}:3` },
    });
  });

  it('says when the file is absent', async () => {
    expect(await failureOf(() => readEnvFile('/nowhere/x.env', {}))).toMatchObject({
      facts: { kind: 'usage', message: 'the environment file /nowhere/x.env does not exist' },
    });
  });

  it('keeps undefined variables out', async () => {
    const space = await makeWorkspace();
    const path = await space.write('file.env', '\uFEFFA=1');
    expect(await readEnvFile(path, { A: undefined, B: 'b' })).toEqual({ A: '1', B: 'b' });
  });
});
