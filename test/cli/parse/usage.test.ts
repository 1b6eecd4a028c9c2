import { beforeEach, describe, expect, it, test } from 'vitest';
import { commands } from '../../../src/cli/commands/index.ts';
import { runCli } from '../run-cli.ts';
import { temporaryFolder } from '../temporary-folder.ts';

let cwd: string;

beforeEach(async () => {
  cwd = await temporaryFolder();
});

describe('what is mistyped is a usage error that says what was meant', () => {
  test.each([
    ['artifcats', 'there is no command "artifcats"', 'did you mean mlstow artifacts?'],
    ['artifacts lst', 'artifacts has no command "lst"', 'did you mean mlstow artifacts list?'],
    ['artifacts log_artifact', 'no command "log_artifact"', 'did you mean mlstow artifacts log-artifact?'],
    ['run list', 'there is no command "run"', 'did you mean mlstow runs?'],
    ['download -r x', 'there is no command "download"', 'did you mean mlstow artifacts download?'],
    ['describe', 'there is no command "describe"', 'did you mean mlstow runs describe?'],
    ['models serve', 'does not do everything that mlflow does', 'type mlflow models'],
    ['xyzzy', 'there is no command "xyzzy"', 'there are experiments, runs, artifacts'],
    ['artifacts list --recursve', 'artifacts list has no option --recursve', 'did you mean --recursive?'],
    ['gc --older 30d', 'gc has no option --older', 'did you mean --older-than?'],
    ['--trackin-uri x experiments list', 'there is no option --trackin-uri', 'did you mean --tracking-uri?'],
    ['runs list --nonsense', 'runs list has no option --nonsense', 'mlstow runs list --help'],
    ['artifacts list 7', 'does not know what to do with "7"', 'mlstow artifacts list --help'],
    ['experiments create', 'experiments create needs -n, --experiment-name <name>', '--help'],
    ['artifacts log x --if-exists maybe', "'maybe' is invalid", 'mlstow artifacts log --help'],
    ['artifacts list -r=', 'was given an empty value', 'that variable is not set'],
  ])('%s', async (line, message, hint) => {
    const args = line.split(' ').map((word) => (word === '-r=' ? '--run-id=' : word));
    const result = await runCli(args, { cwd });
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain(message);
    expect(result.stderr).toContain(hint);
    const json = await runCli([...args, '--output=json'], { cwd });
    expect(json).toMatchObject({ code: 2, stdout: '' });
    const { error } = JSON.parse(json.stderr) as { error: Record<string, string> };
    expect(error).toMatchObject({ code: 'usage', subject: 'command line' });
    expect(error['message']).toContain(message);
    expect(error['hint']).toContain(hint);
  });

  it('a noun alone shows what can be done with it', async () => {
    const result = await runCli(['artifacts'], { cwd });
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain('Log, list, download and verify artifacts');
    const json = await runCli(['artifacts', '--output', 'json'], { cwd });
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: 'usage' } });
  });
});

describe('--help', () => {
  test('of the program: every noun, examples and what the exit codes mean', async () => {
    const { code, stdout, stderr } = await runCli(['--help'], { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of ['experiments', 'gc', 'completion', 'Examples:', '7  temporary', '130, 143'])
      expect(stdout).toContain(name);
  });

  test.each(commands.map(({ name, summary }) => [name, summary]))(
    '%s: what it does, its options and their variables, examples that parse',
    async (name, summary) => {
      const { code, stdout } = await runCli([...name.split(' '), '--help'], { cwd });
      expect(code).toBe(0);
      const flowing = stdout.replaceAll(/\s+/g, ' ');
      expect(flowing).toContain(summary);
      expect(flowing).toContain('[MLFLOW_TRACKING_URI]');
      expect(flowing).toContain(`Examples: `);
      expect(flowing).toContain(`mlstow ${name}`);
    },
  );
});
