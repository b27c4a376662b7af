# Sourced in training/: makes ../.venv-train what requirements.txt asks for, and sets $python.
python=../.venv-train/bin/python
if ! cmp -s requirements.txt ../.venv-train/installed.txt; then
    [ -x "$python" ] || python3 -m venv ../.venv-train
    echo "segcap: installing what training/requirements.txt asks for into .venv-train"
    ../.venv-train/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
    cp requirements.txt ../.venv-train/installed.txt
fi
