import { randomInt } from 'node:crypto';

const ADJECTIVES =
  'able agile amused bold bright brave calm capable casual clean clever crisp dapper deft eager fair fancy fine gentle glad grand happy honest keen kind lively loud lucky merry mild neat nimble noble placid polite proud quick quiet rare salty serious shiny silent sincere smart smooth sneaky stately swift thrifty tidy upbeat valuable vivid warm wise witty zany'.split(
    ' ',
  );
const ANIMALS =
  'ant ape auk bass bat bear bee bird boar bug calf cat chimp cod colt conch cow crab crane crow cub deer doe dog dolphin dove duck eel elk fawn finch fish flea fly foal fowl fox frog gnat goat goose grouse grub gull hare hawk hen hog horse hound jay kit kite koi lamb lark loon lynx mare mink mole moose moth mouse mule newt owl ox panda penguin perch pig pug quail ram rat ray robin roo seal shad shark sheep shrew shrike skunk sloth slug smelt snail snake snipe sow sponge squid stag stork swan tern toad trout turtle vole wasp whale wolf worm wren yak zebra'.split(
    ' ',
  );

function pick(words: readonly string[]): string {
  return words[randomInt(words.length)] ?? 'fox';
}

/** A name for a run that was given none, shaped as MLflow's: `clever-fox-123`, at most 20 characters. */
export function randomRunName(): string {
  return `${pick(ADJECTIVES)}-${pick(ANIMALS)}-${randomInt(1001)}`.slice(0, 20);
}
