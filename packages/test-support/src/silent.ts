/** A logger that says nothing: tests look at results. */
export const silent = { info() {}, warn() {}, error() {} }
