export { BuildError, type Problem } from './build/build-error.ts'
export { type BuildResult, buildMiniProgram } from './build/build-mini-program.ts'
export { type Phone, type PhoneOptions, PhoneOptionsError, startPhone } from './server/start-phone.ts'
