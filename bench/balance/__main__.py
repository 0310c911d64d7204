"""python3 bench/balance EXPERIMENT ISOBAR FOLDER RESULTS [ARGUMENTS...]; bench/balance.sh makes what it needs."""

import importlib
import sys

import contenders

if __name__ == "__main__":
    name, isobar, folder, results, *arguments = sys.argv[1:]
    contenders.make_keys(folder)
    importlib.import_module(name).main(isobar, folder, results, arguments)
