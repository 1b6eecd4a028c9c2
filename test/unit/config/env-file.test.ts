import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readEnvFile } from '../../../src/config/env-file.ts';
import { failureOf, makeWorkspace } from './workspace.ts';

const PYTHON = join(homedir(), '.cache/mlstow-testbeds/mlflow-3.17.2/bin/python');

const FILE = String.raw`# comment
A=1
export B="two words" # c
C='single ${'${A}'}'
D=${'${A}'}/x
E="${'${A}'}-${'${NOPE:-dflt}'}"
F=a#b
G=a #b
H="line\nnext \"q\" \t"
I='line\nnext it\'s'
J=
K
L="multi
line"
M = spaced  
N=$A
A=2
SET=new
EMPTY=new
O=${'`tick`'}
P=${'${SET}'}
'quoted key'=1

  # indented
  Q=x=y==
R=""
`;

describe('--env-file', () => {
  it('reads what mlflow reads from it, and what is set already wins', async () => {
    const space = await makeWorkspace();
    const env = { SET: 'old', EMPTY: '' };
    for (const content of [FILE, FILE.replaceAll('\n', '\r\n')]) {
      const path = await space.write('file.env', content);
      const script = `import os,sys,json; os.environ.clear(); os.environ.update(${JSON.stringify(env)})
from dotenv import load_dotenv; load_dotenv(sys.argv[1], override=False); print(json.dumps(dict(os.environ)))`;
      const { stdout } = await promisify(execFile)(PYTHON, ['-c', script, path], { encoding: 'utf8' });
      const read = await readEnvFile(path, env);
      expect(read).toEqual(JSON.parse(stdout));
      expect(read).toMatchObject({ SET: 'old', EMPTY: '', F: 'a#b', D: '1/x', P: 'old' });
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
