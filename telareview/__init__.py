"""telareview: the window on Tela Workstation tasks for those who answer for them.

The rooms, each importing only what lies below it (checked by import-linter):

    settings env urls wsgi      the roof: wiring only
    demo                        one command: embedded database, sandbox, worker, web
    exports | insights | review ways of using the mirror
    sync                        how news from Tela gets in
    tasks                       the mirror: facts, versions, filter, revision, pages
    ledger                      seals: leaves, checkpoints, verification
    accounts                    people, roles, workspaces, preferences
    tela | web                  the API client | what every page shares

    sandbox                     plays Tela over HTTP; imports nobody, nobody imports it
"""

__version__ = "0.1.0"
