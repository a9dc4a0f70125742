"""One session per kind of editor, through pytest-lsp: each answer must fit the schema of the
protocol and what the editor said it can do."""

import os
import pathlib

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities
from pytest_lsp.client import make_test_lsp_client

MAIN = """import { helper } from "./lib"
let total = helper(1) ~> 0.8
print(totl)
"""
LIB = """/// Adds one.
export function helper(x: number): number { return x + 1 }
"""

EDITORS = ["emacs", "neovim", "visual-studio-code"]


@pytest.fixture
def folder(tmp_path: pathlib.Path):
    (tmp_path / "main.prism").write_text(MAIN)
    (tmp_path / "lib.prism").write_text(LIB)
    (tmp_path / "prism.toml").write_text("[pakage]\n")
    return tmp_path


def editor() -> LanguageClient:
    """An editor that lets the server register what it likes; pytest-lsp has no answer to that."""
    client = make_test_lsp_client()

    @client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def register(params: types.RegistrationParams):
        assert [one.method for one in params.registrations] == ["workspace/didChangeWatchedFiles"]

    return client


@pytest_lsp.fixture(
    params=EDITORS,
    config=ClientServerConfig(
        client_factory=editor,
        server_command=[os.environ["PRISMC"], "lsp"],
        server_env={"XDG_CACHE_HOME": os.environ["XDG_CACHE_HOME"]},
    ),
)
async def client(request, lsp_client: LanguageClient, folder: pathlib.Path):
    params = types.InitializeParams(
        capabilities=client_capabilities(request.param),
        workspace_folders=[types.WorkspaceFolder(uri=folder.as_uri(), name="folder")],
    )
    await lsp_client.initialize_session(params)
    yield
    await lsp_client.shutdown_session()


def identifier(folder, name="main.prism"):
    return types.TextDocumentIdentifier(uri=(folder / name).as_uri())


def opened(client, folder, text=MAIN):
    document = types.TextDocumentItem(
        uri=identifier(folder).uri, language_id="prism", version=1, text=text
    )
    client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=document))


def place(folder, line, character):
    return {
        "text_document": identifier(folder),
        "position": types.Position(line=line, character=character),
    }


async def diagnostics(client, folder, wanted, name="main.prism"):
    """Asks, or listens until these codes are there: editors do one or the other."""
    uri = identifier(folder, name).uri
    if client.capabilities.text_document.diagnostic:
        report = await client.text_document_diagnostic_async(
            types.DocumentDiagnosticParams(text_document=identifier(folder, name))
        )
        assert [one.code for one in report.items] == wanted
        return report.items
    while [one.code for one in client.diagnostics.get(uri, [])] != wanted:
        await client.wait_for_notification("textDocument/publishDiagnostics")
    return client.diagnostics[uri]


@pytest.mark.asyncio
async def test_diagnostics_follow_the_text(client: LanguageClient, folder):
    await diagnostics(client, folder, ["P0610"], "prism.toml")
    opened(client, folder)
    (found,) = await diagnostics(client, folder, ["P0501"])
    assert found.severity == types.DiagnosticSeverity.Error
    assert found.range.start == types.Position(line=2, character=6)
    change = types.TextDocumentContentChangePartial(
        range=types.Range(
            start=types.Position(line=2, character=9), end=types.Position(line=2, character=9)
        ),
        text="a",
    )
    client.text_document_did_change(
        types.DidChangeTextDocumentParams(
            text_document=types.VersionedTextDocumentIdentifier(
                uri=identifier(folder).uri, version=2
            ),
            content_changes=[change],
        )
    )
    await diagnostics(client, folder, [])


@pytest.mark.asyncio
async def test_words_are_explained_and_found(client: LanguageClient, folder):
    opened(client, folder)
    hover = await client.text_document_hover_async(types.HoverParams(**place(folder, 1, 14)))
    assert "helper(x: number) => number" in hover.contents.value
    assert "Adds one." in hover.contents.value
    found = await client.text_document_definition_async(
        types.DefinitionParams(**place(folder, 1, 14))
    )
    if isinstance(found, list):
        (link,) = found
        uri, target = link.target_uri, link.target_selection_range
    else:
        uri, target = found.uri, found.range
    assert uri == identifier(folder, "lib.prism").uri
    assert target.start == types.Position(line=1, character=16)
    nothing = await client.text_document_hover_async(types.HoverParams(**place(folder, 9, 9)))
    assert nothing is None


@pytest.mark.asyncio
async def test_names_and_members_are_offered(client: LanguageClient, folder):
    opened(client, folder, 'let items = ["a"]\nitems.\n')
    members = await client.text_document_completion_async(
        types.CompletionParams(**place(folder, 1, 6))
    )
    assert {"map", "length"} <= {item.label for item in members}
    names = await client.text_document_completion_async(
        types.CompletionParams(**place(folder, 1, 3))
    )
    assert {"items", "print", "let"} <= {item.label for item in names}


@pytest.mark.asyncio
async def test_fixes_formatting_and_symbols(client: LanguageClient, folder):
    opened(client, folder, "let total = 1\nlet  x=totl\nprint(x, total)\n")
    whole = types.Range(
        start=types.Position(line=1, character=0), end=types.Position(line=1, character=11)
    )
    actions = await client.text_document_code_action_async(
        types.CodeActionParams(
            text_document=identifier(folder),
            range=whole,
            context=types.CodeActionContext(diagnostics=[]),
        )
    )
    kinds = [action.kind for action in actions]
    assert kinds == [types.CodeActionKind.QuickFix, "source.fixAll.prism"]
    assert actions[0].title == "write `total`"
    (edit,) = await client.text_document_formatting_async(
        types.DocumentFormattingParams(
            text_document=identifier(folder),
            options=types.FormattingOptions(tab_size=2, insert_spaces=True),
        )
    )
    assert edit.new_text == "let x = totl\n"
    symbols = await client.text_document_document_symbol_async(
        types.DocumentSymbolParams(text_document=identifier(folder))
    )
    assert [symbol.name for symbol in symbols] == ["total", "x"]
