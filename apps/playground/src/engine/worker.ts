// A worker's entry: the page starts as many of these as it needs, one for each job that computes, so that
// training does not keep a picture waiting and a backend that fails takes nothing else with it.
import { expose } from 'comlink'
import { Engine } from './engine.ts'
import { Measurer } from './measure.ts'
import { Race } from './race.ts'
import { TrainingEngine } from './training.ts'

const jobs = {
  engine: new Engine(),
  training: new TrainingEngine(),
  measurer: new Measurer(),
  race: new Race(),
}
export type Jobs = typeof jobs

expose(jobs)
