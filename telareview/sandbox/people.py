"""Who works in the sandbox's workspace, and the firms whose papers it reads."""

WORKSPACE_ID = "3f55cfd9-4427-4887-a181-d9ad39967802"

#: The identity of the API key: creator and approver of what is done through it.
KEY_EMAIL = "api@acme.example"

APPROVERS = (
    "ana.souza@acme.example",
    "rui.melo@acme.example",
    "beatriz.nogueira@acme.example",
    "carlos.andrade@acme.example",
    "daniela.prado@acme.example",
    "emily.clark@acme.example",
    "fabio.teixeira@acme.example",
    "grace.oneill@acme.example",
    "helena.vasconcelos@acme.example",
    "joão.araújo@acme.example",
    "marina+fiscal@acme.example",
    "tom.o'brien@acme.example",
)
#: How often each approver is the one; a few carry most of the load.
APPROVER_WEIGHTS = (22, 18, 12, 10, 9, 8, 6, 5, 4, 3, 2, 1)

CREATORS = (KEY_EMAIL, "scanner@acme.example", "lucia.ramos@acme.example", "peter.novak@acme.example")
CREATOR_WEIGHTS = (62, 22, 11, 5)

FIRMS = (
    "Lima & Filhos Ltda.",
    "Transportadora São Jorge S.A.",
    "Acme Corp",
    "Metalúrgica Três Irmãos Ltda.",
    "Café do Cerrado Exportadora",
    "Northwind Logistics Ltd",
    "Papelaria Ipê Amarelo ME",
    "Construtora Baía Azul S.A.",
    "Hoffmann Werkzeuge GmbH",
    "Distribuidora Água Clara Ltda.",
    "Clínica Santa Cecília",
    "Bluebird Software Inc.",
    "Laticínios Serra Verde",
    "Energia Sul Geração S.A.",
    "D'Ávila Advogados Associados",
    "Têxtil Pernambuco Indústria e Comércio Ltda.",
)

PATIENTS = (
    "Maria Aparecida Gonçalves",
    "José Carlos Pereira",
    "Antônia Ribeiro de Sá",
    "Sebastião Nunes",
    "Inês Caldeira",
    "Luiz Otávio Brandão",
    "Conceição d'Almeida",
    "Yasmin Haddad",
    "Noah Fischer",
    "Zé Raimundo",
)

PHYSICIANS = (
    "Dra. Paula Siqueira",
    "Dr. Henrique Vidal",
    "Dra. Sônia Tavares",
    "Dr. Márcio Leão",
    "Dra. Irene Costa",
)

CITIES = (
    ("São Paulo", "SP", "01310-100"),
    ("Belo Horizonte", "MG", "30130-010"),
    ("Porto Alegre", "RS", "90010-150"),
    ("Recife", "PE", "50030-230"),
    ("Florianópolis", "SC", "88010-400"),
    ("Goiânia", "GO", "74003-010"),
)

STREETS = ("Avenida Paulista", "Rua das Acácias", "Rua XV de Novembro", "Travessa do Ouvidor", "Alameda Santos")
